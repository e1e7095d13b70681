"""Threads of peers about writing: parallel clients, transactions that drop entries, ids that cannot come back, costly validation."""

import asyncio
import time

import pytest

from tests.conformance.peers import NOT_OURS_YET, Threads

thread = Threads("writing")
MRN = "http://hospital.example/mrn"
US_CORE_PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"


def entry(method, url, resource=None, **request):
    return {"request": {"method": method, "url": url} | request} | ({"resource": resource} if resource else {})


def transaction(*entries):
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


@thread("hapi#3141", "hapi#4597", "hapi-starter#459")
@pytest.mark.parametrize("form", ["header", "transaction", "put"])
async def test_of_eight_parallel_conditional_creates_one_creates(alpha, patient, form):
    for _ in range(5):
        number = alpha.unique("race")
        body = patient(identifier=[{"system": MRN, "value": number}])
        criteria = f"identifier={MRN}|{number}"

        async def create(body=body, criteria=criteria):
            if form == "header":
                return (await alpha.ask("POST", "Patient", body, if_none_exist=criteria)).status_code
            if form == "put":
                return (await alpha.ask("PUT", f"Patient?{criteria}", body)).status_code
            answer = await alpha.ask("POST", "", transaction(entry("POST", "Patient", body, ifNoneExist=criteria)))
            return int(answer.json()["entry"][0]["response"]["status"][:3]) if answer.status_code == 200 else answer.status_code

        statuses = await asyncio.gather(*(create() for _ in range(8)))

        assert sorted(statuses) == [200] * 7 + [201]
        found = await alpha.get(f"Patient?{criteria}&_total=accurate")
        assert found.json()["total"] == 1


@thread("hapi-starter#826", "hapi#6153")
async def test_the_same_criteria_may_create_again_once_nothing_matches_them(alpha, patient):
    number = alpha.unique("again")
    body, criteria = patient(identifier=[{"system": MRN, "value": number}]), f"identifier={MRN}|{number}"
    first = await alpha.ask("POST", "Patient", body, if_none_exist=criteria)
    name = first.json()["id"]

    await alpha.ask("DELETE", f"Patient/{name}")
    second = await alpha.ask("POST", "Patient", body, if_none_exist=criteria)
    other = patient(id=second.json()["id"], identifier=[{"system": MRN, "value": f"{number}b"}])
    await alpha.ask("PUT", f"Patient/{other['id']}", other)
    third = await alpha.ask("POST", "Patient", body, if_none_exist=criteria)
    plain = await alpha.ask("POST", "Patient", body)

    assert [answer.status_code for answer in (first, second, third, plain)] == [201] * 4
    assert (await alpha.ask("POST", "Patient", body, if_none_exist=criteria)).status_code == 412


@thread("hapi#8183")
async def test_two_conditional_puts_to_one_identity_in_a_transaction_are_refused_and_neither_is_dropped(alpha, refused, patient):
    for known in (False, True):
        number = alpha.unique("twice")
        one, other = (patient(family, identifier=[{"system": MRN, "value": number}]) for family in ("One", "Other"))
        if known:
            await alpha.made(one)
        criteria = f"Patient?identifier={MRN}|{number}"

        await refused(400, "POST", "", transaction(entry("PUT", criteria, one), entry("PUT", criteria, other)))

        found = await alpha.get(f"{criteria}&_total=accurate")
        assert found.json()["total"] == (1 if known else 0)


@thread("hapi#6900")
@pytest.mark.parametrize("form", ["put", "transaction"])
async def test_a_put_brings_a_deleted_id_back(alpha, patient, form):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    assert (await alpha.ask("DELETE", path)).status_code in (200, 204)
    body = patient("Back", id=made["id"])

    answer = await (alpha.ask("PUT", path, body) if form == "put" else alpha.ask("POST", "", transaction(entry("PUT", path, body))))

    status = answer.status_code if form == "put" else int(answer.json()["entry"][0]["response"]["status"][:3])
    assert status == 201
    now = await alpha.get(path)
    assert now.json()["name"] == [{"family": "Back"}]
    assert now.headers["etag"] == 'W/"3"'
    assert (await alpha.get("Patient?family=back&_id=" + made["id"])).json()["entry"]


@thread("hapi#1819", "LinuxForHealth#3539")
async def test_two_transactions_that_write_the_same_records_in_opposite_order_both_succeed(alpha, patient):
    for _ in range(6):
        one, other = [(await alpha.made(patient()))["id"] for _ in range(2)]

        def writes(*names):
            return transaction(*(entry("PUT", f"Patient/{name}", patient(alpha.unique("Dead"), id=name)) for name in names))

        async with asyncio.timeout(15):
            answers = await asyncio.gather(*(alpha.ask("POST", "", writes(*names)) for names in ((one, other), (other, one)) * 3))

        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        for name in (one, other):
            assert (await alpha.get(f"Patient/{name}")).headers["etag"] == 'W/"7"'


@thread("hapi#6091")
async def test_a_hundred_us_core_patients_are_validated_in_seconds_and_the_second_time_no_slower(alpha):
    person = {
        "resourceType": "Patient",
        "meta": {"profile": [US_CORE_PATIENT]},
        "identifier": [{"system": MRN, "value": "1"}],
        "name": [{"family": "Valid", "given": ["Ann"]}],
        "gender": "female",
        "birthDate": "1950-01-01",
    }
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(100):
            answer = await alpha.ask("POST", f"Patient/$validate?profile={US_CORE_PATIENT}", person)
            assert answer.status_code == 200, answer.text
            assert not [issue for issue in answer.json()["issue"] if issue["severity"] in ("error", "fatal")], answer.text
        took.append(time.perf_counter() - begun)

    assert min(took) < 7  # seconds; the thread tells of 7 that became 20
    assert min(took[1:]) < 2 * took[0]


@thread("hapi#6870", "hapi#6946", "org.hl7.fhir.core#2262")
async def test_each_further_coding_costs_no_look_up_that_grows(alpha):
    def problem(codings):
        coding = [{"system": "http://snomed.info/sct", "code": str(10000000 + number)} for number in range(codings)]
        return {"resourceType": "Condition", "code": {"coding": coding}, "subject": {"reference": "Patient/1"}}

    async def seconds(codings):
        best = 9.0
        for _ in range(3):
            begun = time.perf_counter()
            answer = await alpha.ask("POST", "Condition/$validate", problem(codings))
            best = min(best, time.perf_counter() - begun)
            assert answer.status_code == 200
        return best

    await seconds(1)
    assert await seconds(400) < 1  # second; the threads tell of 1.3 to 4 for one resource


def test_threads_about_writing(judge):
    thread.report(judge)


def test_what_comes_with_other_issues_is_listed_with_its_reason_and_not_claimed():
    assert all("issue" in reason or "tenant" in reason for reason in NOT_OURS_YET.values())
    assert not thread.all & NOT_OURS_YET.keys()
