"""$docref gives the documents there are, by care dates, and says where it has none."""

import pytest

from tests.conformance.operations.conftest import ref, shown

CCD, NOTE = "34133-9", "11506-3"


@pytest.fixture
async def documents(alpha, patient):
    person = (await alpha.made(patient()))["id"]

    async def write(code, date, **more):
        body = {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": ref("Patient", person),
            "date": date,
            "content": [{"attachment": {"contentType": "text/plain", "data": "aGVsbG8="}}],
        }
        return "DocumentReference/" + (await alpha.made(body | more))["id"]

    write.person = person
    write.old = await write(CCD, "2020-01-01T00:00:00Z", context={"period": {"start": "2019-01-01", "end": "2019-12-31"}})
    write.new = await write(CCD, "2022-01-01T00:00:00Z", context={"period": {"start": "2021-01-01", "end": "2021-12-31"}})
    write.note = await write(NOTE, "2021-06-01T00:00:00Z", meta={"profile": ["http://p.example/note"]})
    write.wrong = await write(CCD, "2023-01-01T00:00:00Z", status="entered-in-error")
    return write


async def test_without_dates_the_current_document_of_each_type(alpha, documents):
    answer = await alpha.get(f"DocumentReference/$docref?patient={documents.person}")

    assert shown(answer) == [documents.new, documents.note]
    assert answer.json()["total"] == 2
    assert answer.json()["type"] == "searchset"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("start=2019-06-01&end=2019-07-01", ["old"]),
        ("start=2021-05-01T00:00:00Z&end=2021-12-01T00:00:00Z", ["new", "note"]),
        ("start=2022-01-01", []),
        ("end=2021-01-01", ["old", "new"]),
        ("type=http://loinc.org|11506-3", ["note"]),
        ("type=34133-9&type=11506-3", ["new", "note"]),
        ("profile=http://p.example/note", ["note"]),
        ("on-demand=false", ["new", "note"]),
    ],
)
async def test_dates_types_and_profiles_choose(alpha, documents, query, expected):
    found = shown(await alpha.get(f"DocumentReference/$docref?patient={documents.person}&{query}"))

    assert sorted(found) == sorted(getattr(documents, name) for name in expected)


async def test_by_post_and_audited(alpha, documents, audited):
    parts = [
        {"name": "patient", "valueId": documents.person},
        {"name": "type", "valueCoding": {"system": "http://loinc.org", "code": NOTE}},
        {"name": "start", "valueDateTime": "2021-01-01T00:00:00Z"},
    ]

    assert shown(await alpha.ask("POST", "DocumentReference/$docref", {"resourceType": "Parameters", "parameter": parts})) == [
        documents.note
    ]
    assert (await audited(documents.person, "S"))[-1][2] == f"$docref {documents.note}/1"


async def test_on_demand_and_unknown_patients_have_none(alpha, beta, documents):
    answer = await alpha.get(f"DocumentReference/$docref?patient={documents.person}&on-demand=true")

    (entry,) = answer.json()["entry"]
    assert answer.json()["total"] == 0
    assert entry["search"]["mode"] == "outcome"
    assert shown(await alpha.get("DocumentReference/$docref?patient=never-was")) == []
    assert shown(await beta.get(f"DocumentReference/$docref?patient={documents.person}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "patient=",
        "patient=a/b",
        "patient=a&patient=b",
        "patient=a&start=x",
        "patient=a&on-demand=maybe",
        "patient=a&x=1",
        "patient=a&start=2021&end=2020",
    ],
)
async def test_what_it_cannot_do_is_refused(refused, query):
    await refused(400, "GET", f"DocumentReference/$docref?{query}")


async def test_only_roles_that_read_documents(everyone, documents):
    for role in ("front.desk", "ma", "biller"):
        assert (await everyone(role, "GET", f"DocumentReference/$docref?patient={documents.person}")).status_code == 403
