"""$diff tells what has changed as a FHIRPath Patch that makes the second of the first."""

import copy

import pytest

from osler.gateway.fhir.fhirpath_patch import apply_fhirpath_patch
from osler.gateway.fhir.operations.changes import changes
from osler.gateway.fhir.tree import text, tree

ANN = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"use": "official", "family": "Curie", "given": ["Marie", "Salomea"]}, {"use": "maiden", "family": "Sklodowska"}],
    "telecom": [{"system": "phone", "value": str(number)} for number in range(4)],
    "birthDate": "1867-11-07",
    "deceasedBoolean": False,
    "maritalStatus": {"coding": [{"system": "urn:m", "code": "M"}], "text": "married"},
    "contact": [{"relationship": [{"text": "brother"}], "name": {"family": "S", "given": ["J"]}}],
    "extension": [{"url": "urn:a", "valueDecimal": 1.5}],
}


def edited(**changes_):
    other = copy.deepcopy(ANN) | changes_
    return {name: value for name, value in other.items() if value is not None}


CASES = {
    "nothing": edited(),
    "a value": edited(birthDate="1900-01-01"),
    "gone": edited(birthDate=None, active=None),
    "come": edited(gender="female", generalPractitioner=[{"reference": "Practitioner/1"}]),
    "a choice of another type": edited(deceasedBoolean=None, deceasedDateTime="1934-07-04"),
    "a choice gone": edited(deceasedBoolean=None),
    "inside an item": edited(name=[{"use": "official", "family": "Joliot", "given": ["Marie"]}, ANN["name"][1]]),
    "an item before": edited(telecom=[{"system": "email", "value": "x"}, *ANN["telecom"]]),
    "an item between": edited(telecom=[ANN["telecom"][0], {"system": "email", "value": "x"}, *ANN["telecom"][1:]]),
    "items gone": edited(telecom=[ANN["telecom"][0], ANN["telecom"][3]]),
    "items gone and come": edited(telecom=[{"system": "fax", "value": "9"}, *ANN["telecom"][2:], {"system": "url", "value": "8"}]),
    "all items gone": edited(telecom=None),
    "every child replaced": edited(maritalStatus={"extension": [{"url": "urn:b", "valueString": "x"}]}),
    "a backbone element": edited(contact=[*ANN["contact"], {"gender": "male", "address": {"city": "Paris"}}]),
    "a backbone element first": edited(contact=[{"gender": "male", "telecom": [{"value": "1"}]}, *ANN["contact"]]),
    "a first list item": edited(photo=[{"url": "http://x.example/1"}]),
    "everything": {"resourceType": "Patient", "gender": "male", "multipleBirthInteger": 2},
    "an extension": edited(extension=[{"url": "urn:a", "valueInteger": 2}]),
}


@pytest.mark.parametrize("case", CASES)
def test_applied_to_the_first_it_gives_the_second(case):
    before, after = tree(text(ANN)), tree(text(CASES[case]))
    for one, other in ((before, after), (after, before)):
        patch = {"resourceType": "Parameters", "parameter": changes("Patient", one, other)}

        done = apply_fhirpath_patch(tree(text(one)), tree(text(patch)))

        assert tree(text(done)) == other
    assert (changes("Patient", before, after) == []) is (case == "nothing")


def test_digits_count_and_a_changed_value_is_one_operation():
    before = {"resourceType": "Observation", "valueQuantity": {"value": 1.0}}
    one, other = tree(text(before)), tree(b'{"resourceType":"Observation","valueQuantity":{"value":1.00}}')

    (operation,) = changes("Observation", one, other)

    kinds = {part["name"]: part for part in operation["part"]}
    assert kinds["type"]["valueCode"] == "replace"
    assert kinds["path"]["valueString"] == "Observation.value.value"
    assert text(kinds["value"]["valueDecimal"]) == b"1.00"


@pytest.fixture
async def grown(alpha):
    """A patient at version 3: each version changes the birth date."""
    made = await alpha.made(copy.deepcopy(ANN))
    for day in ("01", "02"):
        await alpha.ask("PUT", f"Patient/{made['id']}", made | {"birthDate": f"1900-01-{day}"})
    return f"Patient/{made['id']}"


def operations(answer):
    assert answer.status_code == 200, answer.text
    found = []
    for operation in answer.json().get("parameter", []):
        parts = {part["name"]: next((value for name, value in part.items() if name != "name"), None) for part in operation["part"]}
        found.append((parts["type"], parts["path"], parts.get("value")))
    return found


async def test_versions_are_compared(alpha, grown):
    assert operations(await alpha.get(f"{grown}/$diff")) == [("replace", "Patient.birthDate", "1900-01-02")]
    assert operations(await alpha.get(f"{grown}/$diff?fromVersion=1")) == [("replace", "Patient.birthDate", "1900-01-02")]
    assert operations(await alpha.get(f"{grown}/_history/2/$diff")) == [("replace", "Patient.birthDate", "1900-01-01")]
    assert operations(await alpha.get(f"{grown}/_history/1/$diff?fromVersion=3")) == [("replace", "Patient.birthDate", "1867-11-07")]
    assert operations(await alpha.get(f"{grown}/$diff?fromVersion=3")) == []
    with_meta = operations(await alpha.get(f"{grown}/$diff?includeMeta=true"))
    assert {path for _, path, _ in with_meta} == {"Patient.birthDate", "Patient.meta.versionId", "Patient.meta.lastUpdated"}
    first = operations(await alpha.get(f"{grown}/_history/1/$diff"))
    assert ("add", "Patient", "1867-11-07") in first


async def test_the_answer_is_a_patch_this_server_applies(alpha, grown):
    back = (await alpha.get(f"{grown}/_history/1/$diff?fromVersion=3")).json()

    assert (await alpha.ask("PATCH", grown, back)).status_code == 200
    assert (await alpha.get(grown)).json()["birthDate"] == "1867-11-07"


async def test_two_records_are_compared(alpha, grown):
    other = await alpha.made(edited(gender="female"))

    assert operations(await alpha.get(f"$diff?from={grown}/_history/1&to=Patient/{other['id']}")) == [("add", "Patient", "female")]
    body = {"resourceType": "Parameters", "parameter": [{"name": "from", "valueString": grown}, {"name": "to", "valueString": grown}]}
    assert operations(await alpha.ask("POST", "$diff", body)) == []


async def test_only_for_those_who_may_read_and_only_their_own_tenants(alpha, beta, everyone, grown, audited):
    assert (await everyone("admin", "GET", f"{grown}/$diff")).status_code == 403
    assert (await everyone("admin", "GET", f"$diff?from={grown}&to={grown}")).status_code == 403
    assert (await beta.get(f"{grown}/$diff")).status_code == 404
    mine = await beta.made({"resourceType": "Patient"})
    assert (await beta.get(f"$diff?from=Patient/{mine['id']}&to={grown}")).status_code == 404
    await alpha.get(f"{grown}/$diff?fromVersion=1")
    assert {action for action, _, _ in await audited(grown.partition("/")[2])} >= {"R", "V"}


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (404, "Patient/never-was/$diff"),
        (404, "{}/$diff?fromVersion=99"),
        (404, "{}/_history/99/$diff"),
        (404, "Patient/$diff"),
        (400, "$diff"),
        (400, "$diff?from={}"),
        (400, "$diff?from={}&to=Patient"),
        (400, "$diff?from={}&to=Observation/1"),
        (400, "$diff?from={}&to=http://other.example/Patient/1"),
        (400, "{}/$diff?from=Patient/1"),
        (400, "{}/$diff?includeMeta=perhaps"),
    ],
)
async def test_what_cannot_be_compared_is_refused(refused, grown, status, path):
    await refused(status, "GET", path.format(grown))
