"""$match over HTTP: likely patients with score and grade, found although something in the description is wrong."""

from uuid import uuid4

import pytest

from tests.conformance.operations.conftest import shown

MRN = "http://hospital.example/mrn"
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


@pytest.fixture
async def people(alpha):
    word = uuid4().hex[:10].translate(str.maketrans("0123456789", "ghijklmnop"))

    async def write(given, day, number, **more):
        body = {
            "resourceType": "Patient",
            "name": [{"family": word, "given": [given]}],
            "birthDate": day,
            "gender": "female",
            "identifier": [{"system": MRN, "value": f"{word}{number}"}],
        }
        return "Patient/" + (await alpha.made(body | more))["id"]

    write.word = word
    write.ann = await write("Annabel", "1951-03-02", 1, telecom=[{"system": "phone", "value": "555-010-7788"}])
    write.twin = await write("Belinda", "1951-03-02", 2)
    write.far = await write("Annabel", "1990-11-11", 3)
    return write


def described(people, **facts):
    return {"resourceType": "Patient"} | facts


def graded(answer):
    assert answer.status_code == 200, answer.text
    return [
        (f"Patient/{entry['resource']['id']}", entry["search"]["extension"][0]["valueCode"], entry["search"]["score"])
        for entry in answer.json().get("entry", [])
        if entry["search"]["mode"] == "match"
    ]


def asked(person, **more):
    kinds = {bool: "valueBoolean", int: "valueInteger"}
    parts = [{"name": "resource", "resource": person}] + [{"name": name, kinds[type(value)]: value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": parts}


async def test_the_person_comes_first_with_score_grade_and_reasons(alpha, people):
    person = described(people, name=[{"family": people.word, "given": ["Annabel"]}], birthDate="1951-03-02", gender="female")

    answer = await alpha.ask("POST", "Patient/$match", asked(person))

    found = graded(answer)
    assert found[0][:2] == (people.ann, "certain")
    assert 0.99 <= found[0][2] <= 1
    assert [score for _, _, score in found] == sorted((score for _, _, score in found), reverse=True)
    assert people.far not in [name for name, grade, _ in found if grade in ("certain", "probable")]
    extension = answer.json()["entry"][0]["search"]["extension"]
    assert extension == [{"url": GRADE, "valueCode": "certain"}]
    (outcome,) = (entry["resource"] for entry in answer.json()["entry"] if entry["search"]["mode"] == "outcome")
    assert "birthDate +12" in outcome["issue"][0]["diagnostics"]
    assert people.word not in str(outcome)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": lambda word: [{"family": word[:-1] + "x", "given": ["Annabel"]}]},
        {"name": lambda word: [{"family": word, "given": ["Anabel"]}]},
        {"name": lambda word: [{"family": word, "given": ["A"]}]},
        {"birthDate": lambda _: "1951-02-03"},
        {"birthDate": lambda _: "1951-03-03"},
        {"birthDate": lambda _: "1951"},
        {"gender": lambda _: "unknown"},
    ],
)
async def test_one_slip_does_not_hide_the_person(alpha, people, wrong):
    person = described(people, name=[{"family": people.word, "given": ["Annabel"]}], birthDate="1951-03-02", gender="female")

    found = graded(await alpha.ask("POST", "Patient/$match", person | {name: value(people.word) for name, value in wrong.items()}))

    assert found[0][0] == people.ann
    assert found[0][1] in ("certain", "probable")


async def test_by_identifier_or_phone_alone(alpha, people):
    by_number = graded(
        await alpha.ask("POST", "Patient/$match", described(people, identifier=[{"system": MRN, "value": f"{people.word}2"}]))
    )
    assert [name for name, _, _ in by_number] == [people.twin]
    by_phone = described(people, telecom=[{"system": "phone", "value": "555-010-7788"}], name=[{"family": people.word}])
    assert people.ann in [name for name, _, _ in graded(await alpha.ask("POST", "Patient/$match", by_phone))]


async def test_only_certain_matches_means_one_or_none(alpha, people):
    certain = described(people, identifier=[{"system": MRN, "value": f"{people.word}1"}], birthDate="1951-03-02")
    assert [name for name, _, _ in graded(await alpha.ask("POST", "Patient/$match", asked(certain, onlyCertainMatches=True)))] == [
        people.ann
    ]
    vague = described(people, name=[{"family": people.word}], birthDate="1951-03-02")
    assert len(graded(await alpha.ask("POST", "Patient/$match", asked(vague)))) >= 2
    assert graded(await alpha.ask("POST", "Patient/$match", asked(vague, onlyCertainMatches=True))) == []
    assert len(graded(await alpha.ask("POST", "Patient/$match", asked(vague, count=1)))) == 1


async def test_nobody_is_an_empty_bundle_and_other_tenants_are_nobody(alpha, beta, people):
    person = described(people, identifier=[{"system": MRN, "value": f"{people.word}1"}])
    assert graded(await beta.ask("POST", "Patient/$match", person)) == []
    assert shown(await alpha.ask("POST", "Patient/$match", described(people, identifier=[{"value": "nobody-has-this"}]))) == []


async def test_each_patient_that_left_is_audited_under_its_own_record(alpha, people, audited):
    await alpha.ask("POST", "Patient/$match", described(people, identifier=[{"system": MRN, "value": f"{people.word}1"}]))

    assert (await audited(people.ann.partition("/")[2], "S"))[-1] == ("S", 200, f"$match {people.ann}/1")
    assert [row for row in await audited(people.twin.partition("/")[2], "S") if "$match" in row[2]] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"resourceType": "Patient"}, 400),
        ({"resourceType": "Patient", "gender": "female"}, 400),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, 400),
        ({"resourceType": "Patient", "birthDate": "1951-02-30"}, 422),
        ({"resourceType": "Parameters"}, 400),
        (asked({"resourceType": "Patient", "birthDate": "1951"}, count=0), 400),
        (asked({"resourceType": "Patient", "birthDate": "1951"}, extra=True), 400),
        (b"not json", 400),
        (b"", 400),
    ],
)
async def test_what_describes_nobody_is_refused(refused, body, status):
    await refused(status, "POST", "Patient/$match", body)


async def test_by_post_only_and_only_for_those_who_read_patients(refused, everyone, people):
    await refused(405, "GET", "Patient/$match?resource=x")
    await refused(404, "POST", "Observation/$match", {"resourceType": "Patient"})
    for role in ("admin", "compliance"):
        assert (await everyone(role, "POST", "Patient/$match", described(people, birthDate="1951"))).status_code == 403
