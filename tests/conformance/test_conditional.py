"""Conditional create, update, delete and patch, and versions that must match. https://hl7.org/fhir/R4/http.html#ccreate"""

from __future__ import annotations

import asyncio

import pytest

MRN = "http://hospital.example/mrn"


@pytest.fixture
def numbered(patient):
    def build(number, family="Curie", **more):
        return patient(family, identifier=[{"system": MRN, "value": number}], **more)

    return build


async def test_a_conditional_create_makes_what_is_not_there(alpha, numbered):
    number = alpha.unique("cc")

    answer = await alpha.ask("POST", "Patient", numbered(number), if_none_exist=f"identifier={MRN}|{number}")

    assert answer.status_code == 201


async def test_a_conditional_create_answers_what_is_there(alpha, numbered):
    number = alpha.unique("cc")
    made = await alpha.made(numbered(number))
    before = await alpha.versions()

    answer = await alpha.ask("POST", "Patient", numbered(number, "Other"), if_none_exist=f"identifier={MRN}|{number}")

    assert answer.status_code == 200
    assert answer.json() == made
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"] == f"{alpha.base}/Patient/{made['id']}/_history/1"
    assert await alpha.versions() == before


async def test_a_conditional_create_that_matches_several_is_refused(alpha, numbered, refused):
    number = alpha.unique("cc")
    await alpha.made(numbered(number))
    await alpha.made(numbered(number))

    await refused(412, "POST", "Patient", numbered(number), code="multiple-matches", if_none_exist=f"identifier={MRN}|{number}")


async def test_32_equal_conditional_creates_at_once_make_one_resource(alpha, numbered):
    number = alpha.unique("race")
    before = await alpha.versions()

    answers = await asyncio.gather(
        *(alpha.ask("POST", "Patient", numbered(number), if_none_exist=f"identifier={MRN}|{number}") for _ in range(32))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 31 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await alpha.versions() == before + 1


async def test_equal_criteria_wait_for_each_other_in_any_order_of_their_parameters(alpha, numbered):
    number = alpha.unique("race")
    criteria = [f"identifier={MRN}|{number}&family=Curie", f"family=Curie&identifier={MRN}|{number}"]

    answers = await asyncio.gather(
        *(alpha.ask("POST", "Patient", numbered(number), if_none_exist=criteria[turn % 2]) for turn in range(16))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]


@pytest.mark.parametrize("criteria", ["", "identifier=", "_count=5", "identifier=a&_sort=name", "%zz=1"])
async def test_criteria_that_say_nothing_are_refused(refused, numbered, criteria):
    await refused(400, "POST", "Patient", numbered("x"), if_none_exist=criteria)


async def test_criteria_of_an_unknown_parameter_are_refused_even_when_lenient(refused, numbered):
    await refused(400, "POST", "Patient", numbered("x"), if_none_exist="nonsense=1", prefer="handling=lenient")


async def test_a_conditional_update_changes_the_one_that_matches(alpha, numbered):
    number = alpha.unique("cu")
    made = await alpha.made(numbered(number))

    answer = await alpha.ask("PUT", f"Patient?identifier={MRN}|{number}", numbered(number, "Changed"))

    assert answer.status_code == 200
    assert answer.json()["id"] == made["id"]
    assert answer.headers["etag"] == 'W/"2"'
    assert (await alpha.get(f"Patient/{made['id']}")).json()["name"] == [{"family": "Changed"}]


async def test_a_conditional_update_creates_what_does_not_match(alpha, numbered):
    number = alpha.unique("cu")

    one = await alpha.ask("PUT", f"Patient?identifier={MRN}|{number}", numbered(number))
    named = await alpha.ask("PUT", f"Patient?identifier={MRN}|{number}-b", numbered(f"{number}-b", id=f"{number}-id"))

    assert one.status_code == 201
    assert named.status_code == 201
    assert named.json()["id"] == f"{number}-id"


async def test_a_conditional_update_with_another_id_is_refused(alpha, numbered, refused):
    number = alpha.unique("cu")
    await alpha.made(numbered(number))

    await refused(400, "PUT", f"Patient?identifier={MRN}|{number}", numbered(number, id="other"), at="Patient.id")


async def test_a_conditional_update_never_overwrites_a_record_it_does_not_match(alpha, numbered, refused):
    number = alpha.unique("cu")
    made = await alpha.made(numbered(number))

    await refused(409, "PUT", f"Patient?identifier={MRN}|{number}-none", numbered("x", id=made["id"]))


async def test_a_conditional_update_that_matches_several_is_refused(alpha, numbered, refused):
    number = alpha.unique("cu")
    await alpha.made(numbered(number))
    await alpha.made(numbered(number))

    await refused(412, "PUT", f"Patient?identifier={MRN}|{number}", numbered(number), code="multiple-matches")


async def test_parallel_conditional_updates_make_one_resource(alpha, numbered):
    number = alpha.unique("race")

    answers = await asyncio.gather(
        *(alpha.ask("PUT", f"Patient?identifier={MRN}|{number}", numbered(number, f"F{turn}")) for turn in range(12))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert sorted(answer.headers["etag"] for answer in answers) == sorted(f'W/"{version}"' for version in range(1, 13))


async def test_a_conditional_delete_deletes_the_one_that_matches(alpha, numbered):
    number = alpha.unique("cd")
    made = await alpha.made(numbered(number))

    answer = await alpha.ask("DELETE", f"Patient?identifier={MRN}|{number}")

    assert answer.status_code == 200
    assert (await alpha.get(f"Patient/{made['id']}")).status_code == 410
    assert (await alpha.ask("DELETE", f"Patient?identifier={MRN}|{number}")).status_code == 200


async def test_a_conditional_delete_that_matches_several_deletes_none(alpha, numbered, refused):
    number = alpha.unique("cd")
    await alpha.made(numbered(number))
    await alpha.made(numbered(number))

    await refused(412, "DELETE", f"Patient?identifier={MRN}|{number}", code="multiple-matches")


@pytest.mark.parametrize("path", ["Patient", "Patient?identifier=", "Patient?nonsense=1", "Patient?_count=1"])
async def test_a_delete_without_real_criteria_is_refused(refused, path):
    await refused(400, "DELETE", path)


async def test_a_conditional_patch_changes_the_one_that_matches(alpha, numbered, refused):
    number = alpha.unique("cp")
    made = await alpha.made(numbered(number))
    patch = [{"op": "replace", "path": "/birthDate", "value": "1900-01-01"}]
    kind = "application/json-patch+json"

    answer = await alpha.ask("PATCH", f"Patient?identifier={MRN}|{number}", patch, content_type=kind)

    assert answer.status_code == 200
    assert answer.json()["id"] == made["id"]
    assert answer.json()["birthDate"] == "1900-01-01"
    await refused(404, "PATCH", f"Patient?identifier={MRN}|{number}-none", patch, content_type=kind)
    await alpha.made(numbered(number))
    await refused(412, "PATCH", f"Patient?identifier={MRN}|{number}", patch, code="multiple-matches", content_type=kind)


async def test_if_match_lets_only_the_current_version_be_changed(alpha, patient, refused):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    changed = patient("Changed", id=made["id"])

    assert (await alpha.ask("PUT", path, changed, if_match='W/"1"')).status_code == 200
    for method, body in (("PUT", changed), ("DELETE", None)):
        await refused(412, method, path, body, code="conflict", if_match='W/"1"')
        await refused(412, method, path, body, if_match='W/"99"')
        await refused(412, method, path, body, if_match='W/"abc"')
    await refused(412, "PATCH", path, [], content_type="application/json-patch+json", if_match='W/"1"')
    await refused(412, "PUT", "Patient/not-there", patient(id="not-there"), if_match='W/"1"')
    assert (await alpha.ask("DELETE", path, if_match='"2"')).status_code == 200


@pytest.mark.parametrize("tag", ["1", "W/1", "", 'W/"1', '"1","2"', "*"])
async def test_a_malformed_if_match_is_refused(alpha, patient, refused, tag):
    made = await alpha.made(patient())

    await refused(400, "PUT", f"Patient/{made['id']}", patient(id=made["id"]), if_match=tag)


async def test_if_none_match_any_creates_only(alpha, patient, refused):
    name = alpha.unique("new")

    assert (await alpha.ask("PUT", f"Patient/{name}", patient(id=name), if_none_match="*")).status_code == 201
    await refused(412, "PUT", f"Patient/{name}", patient(id=name), if_none_match="*")
    await refused(400, "PUT", f"Patient/{name}", patient(id=name), if_none_match='W/"1"')


async def test_of_many_updates_of_one_version_exactly_one_wins(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"

    answers = await asyncio.gather(*(alpha.ask("PUT", path, patient(f"F{turn}", id=made["id"]), if_match='W/"1"') for turn in range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    assert (await alpha.get(path)).headers["etag"] == 'W/"2"'
