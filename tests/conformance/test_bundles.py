"""batch and transaction. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

import asyncio
import uuid

import pytest

MRN = "http://hospital.example/mrn"


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method, url, resource=None, full_url=None, **request):
    made = {"request": {"method": method, "url": url} | request}
    if resource is not None:
        made["resource"] = resource
    if full_url is not None:
        made["fullUrl"] = full_url
    return made


def urn():
    return f"urn:uuid:{uuid.uuid4()}"


def observation(subject, **more):
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}} | more


@pytest.fixture
def numbered(patient):
    def build(number, family="Curie", **more):
        return patient(family, identifier=[{"system": MRN, "value": number}], **more)

    return build


@pytest.mark.parametrize("named", ["subject", "encounter"])
async def test_a_temporary_name_that_no_entry_bears_is_refused(alpha, patient, named):
    person, stranger = urn(), urn()
    references = {"subject": {"reference": person}} | {named: {"reference": stranger}}
    before = await alpha.versions()

    answer = await alpha.ask(
        "POST",
        "",
        bundle("transaction", entry("POST", "Patient", patient(), person), entry("POST", "Observation", observation(person) | references)),
    )

    assert answer.status_code == 400, answer.text
    (issue,) = answer.json()["issue"]
    assert (issue["code"], issue["expression"]) == ("not-found", ["Bundle.entry[1].resource"])
    assert stranger not in answer.text
    assert await alpha.versions() == before


async def test_a_transaction_resolves_references_between_its_entries(alpha, patient):
    person, visit = urn(), urn()
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": person},
    }

    answer = await alpha.ask(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation(person, encounter={"reference": visit}), urn()),
            entry("POST", "Encounter", encounter, visit),
            entry("POST", "Patient", patient(), person),
        ),
    )

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done["type"] == "transaction-response"
    assert [one["response"]["status"][:3] for one in done["entry"]] == ["201", "201", "201"]
    locations = [one["response"]["location"] for one in done["entry"]]
    assert [location.split("/")[0] for location in locations] == ["Observation", "Encounter", "Patient"]
    assert all(location.endswith("/_history/1") for location in locations)
    assert all(one["response"]["etag"] == 'W/"1"' for one in done["entry"])
    assert all(one["response"]["lastModified"].endswith("Z") for one in done["entry"])
    assert all("resource" not in one for one in done["entry"])
    result = (await alpha.get(locations[0].removesuffix("/_history/1"))).json()
    assert result["subject"]["reference"] == locations[2].removesuffix("/_history/1")
    assert result["encounter"]["reference"] == locations[1].removesuffix("/_history/1")


async def test_a_transaction_resolves_relative_references_beside_a_restful_full_url(alpha, patient):
    answer = await alpha.ask(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", patient(), "http://elsewhere.example/fhir/Patient/7"),
            entry("POST", "Observation", observation("Patient/7"), "http://elsewhere.example/fhir/Observation/8"),
            entry("POST", "Observation", observation("http://elsewhere.example/fhir/Patient/7"), urn()),
        ),
    )

    locations = [one["response"]["location"].removesuffix("/_history/1") for one in answer.json()["entry"]]
    for place in (1, 2):
        assert (await alpha.get(locations[place])).json()["subject"]["reference"] == locations[0]


async def test_a_transaction_resolves_conditional_references(alpha, numbered):
    number, other = alpha.unique("tr"), alpha.unique("tr")
    there = await alpha.made(numbered(number))

    answer = await alpha.ask(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation(f"Patient?identifier={MRN}|{number}")),
            entry("POST", "Observation", observation(f"Patient?identifier={MRN}|{other}")),
            entry("POST", "Patient", numbered(other)),
        ),
    )

    assert answer.status_code == 200, answer.text
    locations = [one["response"]["location"].removesuffix("/_history/1") for one in answer.json()["entry"]]
    assert (await alpha.get(locations[0])).json()["subject"]["reference"] == f"Patient/{there['id']}"
    assert (await alpha.get(locations[1])).json()["subject"]["reference"] == locations[2]


async def test_a_conditional_reference_to_none_or_several_fails_the_transaction(alpha, numbered, patient, refused):
    number = alpha.unique("tr")
    body = bundle(
        "transaction",
        entry("POST", "Patient", patient()),
        entry("POST", "Observation", observation(f"Patient?identifier={MRN}|{number}")),
    )

    await refused(412, "POST", "", body, at="Bundle.entry[1].resource")
    await alpha.made(numbered(number))
    await alpha.made(numbered(number))
    await refused(412, "POST", "", body, code="multiple-matches", at="Bundle.entry[1]")


async def test_a_transaction_is_done_in_the_order_the_specification_wants(alpha, patient):
    old, kept, new = await alpha.made(patient("Old")), await alpha.made(patient("Kept")), alpha.unique("put")
    family = alpha.unique("Ordered")

    answer = await alpha.ask(
        "POST",
        "",
        bundle(
            "transaction",
            entry("GET", f"Patient?family={family}"),
            entry("GET", f"Patient/{kept['id']}"),
            entry("PUT", f"Patient/{new}", patient(family, id=new)),
            entry(
                "PATCH",
                f"Patient/{kept['id']}",
                {
                    "resourceType": "Parameters",
                    "parameter": [
                        {
                            "name": "operation",
                            "part": [
                                {"name": "type", "valueCode": "replace"},
                                {"name": "path", "valueString": "Patient.birthDate"},
                                {"name": "value", "valueDate": "1900-01-01"},
                            ],
                        }
                    ],
                },
            ),
            entry("POST", "Patient", patient(family)),
            entry("DELETE", f"Patient/{old['id']}"),
        ),
    )

    assert answer.status_code == 200, answer.text
    done = answer.json()["entry"]
    assert [one["response"]["status"][:3] for one in done] == ["200", "200", "201", "200", "201", "204"]
    assert len(done[0]["resource"]["entry"]) == 2
    assert done[1]["resource"]["birthDate"] == "1900-01-01"
    assert done[3]["response"]["etag"] == 'W/"2"'
    assert done[5]["response"]["etag"] == 'W/"2"'
    assert (await alpha.get(f"Patient/{old['id']}")).status_code == 410


async def test_json_patch_travels_in_a_transaction_as_binary(alpha, patient):
    made = await alpha.made(patient())
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9iaXJ0aERhdGUiLCJ2YWx1ZSI6IjE5MDAtMDEtMDEifV0=",
    }

    answer = await alpha.ask("POST", "", bundle("transaction", entry("PATCH", f"Patient/{made['id']}", binary)))

    assert answer.status_code == 200, answer.text
    assert (await alpha.get(f"Patient/{made['id']}")).json()["birthDate"] == "1900-01-01"


async def test_a_transaction_honours_if_none_exist_and_if_match(alpha, numbered, patient):
    number, fresh = alpha.unique("ine"), alpha.unique("ine")
    there = await alpha.made(numbered(number))
    known, new = urn(), urn()

    answer = await alpha.ask(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", numbered(number), known, ifNoneExist=f"identifier={MRN}|{number}"),
            entry("POST", "Patient", numbered(fresh), new, ifNoneExist=f"identifier={MRN}|{fresh}"),
            entry("POST", "Observation", observation(known)),
            entry("POST", "Observation", observation(new)),
        ),
    )

    assert answer.status_code == 200, answer.text
    done = answer.json()["entry"]
    assert [one["response"]["status"][:3] for one in done] == ["200", "201", "201", "201"]
    subjects = [(await alpha.get(one["response"]["location"])).json()["subject"]["reference"] for one in done[2:]]
    assert subjects == [f"Patient/{there['id']}", done[1]["response"]["location"].removesuffix("/_history/1")]


async def test_prefer_representation_puts_what_was_written_into_the_answer(alpha, patient):
    body = bundle("transaction", entry("POST", "Patient", patient()))

    whole = (await alpha.ask("POST", "", body, prefer="return=representation")).json()["entry"][0]
    told = (await alpha.ask("POST", "", body, prefer="return=OperationOutcome")).json()["entry"][0]

    assert whole["resource"]["resourceType"] == "Patient"
    assert told["response"]["outcome"]["issue"][0]["severity"] == "information"


async def test_whatever_fails_in_a_transaction_nothing_of_it_happens(alpha, patient, numbered, refused):
    good = entry("POST", "Patient", patient())
    there = await alpha.made(patient())
    twice = alpha.unique("twice")
    await alpha.made(numbered(twice))
    await alpha.made(numbered(twice))
    same = f"Patient/{there['id']}"
    name = urn()
    cases = [
        (422, entry("POST", "Patient", patient(gender="unheard-of")), "Bundle.entry[1].resource.gender"),
        (400, entry("POST", "Patient", patient(nonsense=1)), "Bundle.entry[1].resource.nonsense"),
        (400, entry("POST", "Patient", observation("Patient/1")), "Bundle.entry[1].resource.resourceType"),
        (400, entry("PUT", "Patient/a", patient(id="b")), "Bundle.entry[1].resource.id"),
        (400, entry("PUT", "Patient/a_b", patient(id="a_b")), None),
        (400, entry("POST", "Patient"), "Bundle.entry[1].resource"),
        (412, entry("PUT", same, patient(id=there["id"]), ifMatch='W/"9"'), "Bundle.entry[1]"),
        (412, entry("PUT", same, patient(id=there["id"]), ifNoneMatch="*"), "Bundle.entry[1]"),
        (412, entry("POST", "Patient", numbered(twice), ifNoneExist=f"identifier={MRN}|{twice}"), "Bundle.entry[1]"),
        (412, entry("DELETE", f"Patient?identifier={MRN}|{twice}"), "Bundle.entry[1]"),
        (400, entry("DELETE", "Patient"), "Bundle.entry[1].request.url"),
        (404, entry("GET", "Patient/nobody"), "Bundle.entry[1]"),
        (404, entry("POST", "Nonsense", patient()), "Bundle.entry[1]"),
        (404, entry("POST", "Patient/$nonsense", patient()), "Bundle.entry[1]"),
        (405, entry("DELETE", f"{same}/_history/1"), "Bundle.entry[1]"),
        (400, entry("GET", f"{same}/_history"), "Bundle.entry[1]"),
        (400, entry("GET", "Patient?nonsense=1"), None),
        (400, entry("GET", "http://elsewhere.example/Patient/1"), "Bundle.entry[1].request.url"),
        (400, {"resource": patient()}, "Bundle.entry[1].request"),
    ]
    for status, broken, at in cases:
        await refused(status, "POST", "", bundle("transaction", good, broken), at=at)
    duplicates = [
        (entry("PUT", same, patient(id=there["id"])), entry("DELETE", same)),
        (entry("PUT", same, patient(id=there["id"])), entry("PUT", same, patient(id=there["id"]))),
        (entry("POST", "Patient", patient(), name), entry("POST", "Patient", patient(), name)),
        (entry("PUT", "Patient?family=Nobody&_id=zz", patient(id="zz")), entry("PUT", "Patient/zz", patient(id="zz"))),
    ]
    for first, second in duplicates:
        await refused(400, "POST", "", bundle("transaction", good, first, second), code="duplicate")


async def test_two_conditional_updates_of_one_identity_in_a_transaction_are_refused(alpha, numbered, refused):
    number = alpha.unique("two")
    await alpha.made(numbered(number))
    body = bundle(
        "transaction",
        entry("PUT", f"Patient?identifier={MRN}|{number}", numbered(number, "One")),
        entry("PUT", f"Patient?identifier={MRN}|{number}", numbered(number, "Two")),
    )

    await refused(400, "POST", "", body, code="duplicate")


async def test_put_in_a_transaction_brings_a_deleted_id_back(alpha, patient):
    made = await alpha.made(patient())
    await alpha.ask("DELETE", f"Patient/{made['id']}")

    answer = await alpha.ask("POST", "", bundle("transaction", entry("PUT", f"Patient/{made['id']}", patient(id=made["id"]))))

    assert answer.json()["entry"][0]["response"]["etag"] == 'W/"3"'


async def test_parallel_transactions_over_the_same_records_all_succeed(alpha, patient):
    names = [alpha.unique("deadlock") for _ in range(6)]

    def body(turn):
        order = names if turn % 2 else names[::-1]
        return bundle("transaction", *(entry("PUT", f"Patient/{name}", patient(f"F{turn}", id=name)) for name in order))

    answers = await asyncio.gather(*(alpha.ask("POST", "", body(turn)) for turn in range(12)))

    assert [answer.status_code for answer in answers] == [200] * 12
    for name in names:
        assert (await alpha.get(f"Patient/{name}")).headers["etag"] == 'W/"12"'


async def test_parallel_transactions_with_one_if_none_exist_make_one_resource(alpha, numbered):
    number = alpha.unique("race")
    body = bundle("transaction", entry("POST", "Patient", numbered(number), ifNoneExist=f"identifier={MRN}|{number}"))

    answers = await asyncio.gather(*(alpha.ask("POST", "", body) for _ in range(16)))

    assert sorted(answer.json()["entry"][0]["response"]["status"][:3] for answer in answers) == ["200"] * 15 + ["201"]


async def test_a_batch_does_what_it_can_and_tells_what_it_cannot(alpha, patient):
    there = await alpha.made(patient())
    before = await alpha.versions()

    answer = await alpha.ask(
        "POST",
        "",
        bundle(
            "batch",
            entry("POST", "Patient", patient()),
            entry("POST", "Patient", patient(gender="unheard-of")),
            entry("GET", f"Patient/{there['id']}"),
            entry("GET", "Patient/nobody"),
            entry("PUT", f"Patient/{there['id']}", patient("Changed", id=there["id"]), ifMatch='W/"1"'),
            entry("GET", "Patient?nonsense=1"),
            entry("GET", "Nonsense/1"),
            {"resource": patient()},
            entry("GET", f"Patient/{there['id']}/_history/1"),
            entry("DELETE", "Patient/nobody"),
            entry("HEAD", f"Patient/{there['id']}"),
            entry("GET", f"Patient/{there['id']}", ifNoneMatch='W/"2"'),
        ),
    )

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done["type"] == "batch-response"
    statuses = [one["response"]["status"][:3] for one in done["entry"]]
    assert statuses == ["201", "422", "200", "404", "200", "400", "404", "400", "200", "200", "200", "304"]
    assert done["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.gender"]
    assert done["entry"][2]["resource"]["name"] == [{"family": "Changed"}]
    assert done["entry"][8]["resource"]["name"] == [{"family": "Curie"}]
    assert "resource" not in done["entry"][10]
    assert await alpha.versions() == before + 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, {"resourceType": "Bundle", "type": "collection"}),
        (400, {"resourceType": "Patient"}),
        (400, b'{"resourceType":"Bundle","type":"transaction","entry":[{"request":'),
        (400, b"[]"),
        (400, b""),
        (422, {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "POST"}}]}),
        (422, {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "TRACE", "url": "Patient"}}]}),
    ],
)
async def test_what_is_no_batch_or_transaction_is_refused(refused, status, body):
    await refused(status, "POST", "", body)


async def test_an_empty_transaction_answers_an_empty_one(alpha):
    answer = await alpha.ask("POST", "", bundle("transaction"))

    assert answer.status_code in (200, 400)
