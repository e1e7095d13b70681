"""$graphql: FHIR's own GraphQL, over one record and over the system, within what the actor may read."""

import asyncio
import base64
from urllib.parse import quote

import pytest

from tests.conformance.operations.conftest import ref

GRAPHQL = "application/graphql"


@pytest.fixture
async def peter(alpha):
    """The patient of the specification's examples, with conditions, a practitioner and a house."""
    family = alpha.unique("Chalmers")
    doctor = (await alpha.made({"resourceType": "Practitioner", "name": [{"family": "Careful"}]}))["id"]
    made = await alpha.made(
        {
            "resourceType": "Patient",
            "active": True,
            "contained": [{"resourceType": "Organization", "id": "o", "name": "Inside"}],
            "name": [
                {"use": "official", "family": family, "given": ["Peter", "James"]},
                {"use": "usual", "given": ["Jim"]},
                {"use": "maiden", "family": "Windsor", "given": ["Peter", "James"]},
            ],
            "telecom": [{"system": "phone", "value": "1", "use": "home"}, {"system": "phone", "value": "2", "use": "work"}],
            "birthDate": "1974-12-25",
            "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
            "deceasedBoolean": False,
            "managingOrganization": {"reference": "#o"},
            "generalPractitioner": [ref("Practitioner", doctor), ref("Practitioner", "never-was")],
        }
    )
    person = made["id"]
    for text in ("flu", "gout"):
        await alpha.made({"resourceType": "Condition", "code": {"text": text}, "subject": ref("Patient", person)})
    return {"id": person, "path": f"Patient/{person}", "family": family, "doctor": doctor}


async def ask(client, path, query, **headers):
    return await client.ask("POST", f"{path}/$graphql".lstrip("/"), query.encode(), content_type=GRAPHQL, **headers)


@pytest.fixture
def refused_query(alpha):
    """A query that must be refused with a GraphQL error that carries an OperationOutcome, and change nothing."""

    async def check(status, path, query, code=None):
        before = await alpha.versions()
        answer = await ask(alpha, path, query)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["data"] is None
        (error,) = answer.json()["errors"]
        outcome = error["extensions"]["resource"]
        assert outcome["resourceType"] == "OperationOutcome"
        assert outcome["issue"][0]["diagnostics"] == error["message"]
        assert code in (None, error["extensions"]["code"])
        assert await alpha.versions() == before

    return check


async def data(client, path, query):
    answer = await ask(client, path, query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()["data"]


async def test_fields_of_a_record(alpha, peter):
    found = await data(alpha, peter["path"], "{ id active birthDate name { family given } deceasedBoolean resourceType }")

    assert found == {
        "id": peter["id"],
        "active": True,
        "birthDate": "1974-12-25",
        "name": [
            {"family": peter["family"], "given": ["Peter", "James"]},
            {"given": ["Jim"]},
            {"family": "Windsor", "given": ["Peter", "James"]},
        ],
        "deceasedBoolean": False,
        "resourceType": "Patient",
    }
    assert list(found) == ["id", "active", "birthDate", "name", "deceasedBoolean", "resourceType"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ name(use: official) { given } }", {"name": [{"given": ["Peter", "James"]}]}),
        ('{ name(use: "usual") { given } }', {"name": [{"given": ["Jim"]}]}),
        ("{ name(use: [usual, maiden]) { use } }", {"name": [{"use": "usual"}, {"use": "maiden"}]}),
        ("{ name(_count: 1) { use } }", {"name": [{"use": "official"}]}),
        ("{ name(_offset: 1, _count: 1) { use } }", {"name": [{"use": "usual"}]}),
        ("{ name(use: old) { use } }", {}),
        (
            '{ _birthDate { extension(url: "urn:time") { valueDateTime } } }',
            {"_birthDate": {"extension": [{"valueDateTime": "1974-12-25T14:35:45-05:00"}]}},
        ),
        ("{ name @first { use } }", {"name": [{"use": "official"}]}),
        ('{ name(fhirpath: "family.exists()") { use } }', {"name": [{"use": "official"}, {"use": "maiden"}]}),
        ('{ name(fhirpath: "given.count() = 1") { use } }', {"name": [{"use": "usual"}]}),
        ('{ telecom @flatten @slice(path: "system + value") { use @singleton } }', {"use.phone1": "home", "use.phone2": "work"}),
        ("{ name @flatten { given @first } }", {"given": ["Peter", "Jim", "Peter"]}),
        ("{ name @first @singleton { use } }", {"name": {"use": "official"}}),
        ("{ name(use: official) @singleton { given @first @singleton } }", {"name": {"given": "Peter"}}),
        ("{ name @flatten { given } }", {"given": ["Peter", "James", "Jim", "Peter", "James"]}),
        ("{ name @first @flatten { use family2: use given @first } }", {"use": "official", "family2": "official", "given": ["Peter"]}),
        ("{ telecom @flatten @slice(path: \"use\") { value } }", {"value.home": ["1"], "value.work": ["2"]}),
        ("{ telecom @slice(path: \"$index\") @singleton { value } }", {"telecom.0": {"value": "1"}, "telecom.1": {"value": "2"}}),
        ("{ telecom @slice(path: \"use\") { value } }", {"telecom.home": [{"value": "1"}], "telecom.work": [{"value": "2"}]}),
        ("query($u: code = usual) { name(use: $u) { given } }", {"name": [{"given": ["Jim"]}]}),
        ("{ active @skip(if: true) birthDate @include(if: true) }", {"birthDate": "1974-12-25"}),
        ("{ ...x } fragment x on Patient { active }", {"active": True}),
        ("{ ... on Patient { active } ... on Observation { status } }", {"active": True}),
        ("{ name(use: usual) { use } name(use: usual) { given } }", {"name": [{"use": "usual", "given": ["Jim"]}]}),
        ("{ deceased }", {"deceased": False}),
        (
            "{ managingOrganization { resource { ... on Organization { name } } } }",
            {"managingOrganization": {"resource": {"name": "Inside"}}},
        ),
        ("{ __typename }", {"__typename": "Patient"}),
    ],
)  # fmt: skip
async def test_filters_directives_fragments_and_variables(alpha, peter, query, expected):
    assert await data(alpha, peter["path"], query) == expected


async def test_references_are_followed(alpha, peter):
    query = "{ generalPractitioner { reference resource(optional: true) { ... on Practitioner { id name { family } } } } }"

    found = await data(alpha, peter["path"], query)

    one, missing = found["generalPractitioner"]
    assert one["resource"] == {"id": peter["doctor"], "name": [{"family": "Careful"}]}
    assert missing == {"reference": "Practitioner/never-was"}
    typed = "{ generalPractitioner { resource(optional: true, type: Organization) { id } } }"
    assert (await data(alpha, peter["path"], typed))["generalPractitioner"] == [{}, {}]
    answer = await ask(alpha, peter["path"], "{ generalPractitioner { resource { id } } }")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"]["resource"]["resourceType"] == "OperationOutcome"


async def test_lists_over_the_system_and_back_from_a_record(alpha, peter):
    one = 'Patient(id: "%s") { name(use: official) { family } ConditionList(_reference: patient) { code { text } } }'
    query = "{ " + one + ' PatientList(family: "%s") { id } }'

    found = await data(alpha, "", query % (peter["id"], peter["family"]))

    assert found["Patient"]["name"] == [{"family": peter["family"]}]
    assert sorted(each["code"]["text"] for each in found["Patient"]["ConditionList"]) == ["flu", "gout"]
    assert found["PatientList"] == [{"id": peter["id"]}]
    inside = await data(
        alpha, peter["path"], "{ ConditionList(_reference: subject, _count: 1) { subject { resource { ... on Patient { id } } } } }"
    )
    assert inside == {"ConditionList": [{"subject": {"resource": {"id": peter["id"]}}}]}


async def test_a_list_is_filtered_by_fhirpath(alpha, peter):
    query = f'{{ ConditionList(patient: "{peter["id"]}", fhirpath: "code.text = \'flu\'") {{ code {{ text }} }} }}'

    assert await data(alpha, "", query) == {"ConditionList": [{"code": {"text": "flu"}}]}


async def test_a_connection_has_pages(alpha, peter):
    ask_for = '{ ConditionConnection(subject: "%s", _count: 1%s) { count pagesize next edges { mode resource { code { text } } } } }'
    first = (await data(alpha, "", ask_for % (peter["path"], "")))["ConditionConnection"]
    second = (await data(alpha, "", ask_for % (peter["path"], f', _cursor: "{first["next"]}"')))["ConditionConnection"]

    assert (first["count"], first["pagesize"]) == (2, 1)
    texts = [edge["resource"]["code"]["text"] for page in (first, second) for edge in page["edges"]]
    assert sorted(texts) == ["flu", "gout"]
    assert "next" not in second


async def test_by_get_by_json_and_by_parameters(alpha, peter):
    query = "query Q($u: code) { name(use: $u) { given } }"
    wanted = {"data": {"name": [{"given": ["Jim"]}]}}
    by_json = {"query": query, "variables": {"u": "usual"}, "operationName": "Q"}

    assert (await alpha.get(f"{peter['path']}/$graphql?query={quote('{ name(use: usual) { given } }')}")).json() == wanted
    answer = await alpha.ask("POST", f"{peter['path']}/$graphql", by_json, content_type="application/json")
    assert answer.json() == wanted
    variables = quote('{"u": "usual"}')
    by_url = f"{peter['path']}/$graphql?query={quote(query)}&variables={variables}"
    assert (await alpha.get(by_url)).json() == wanted
    parts = {"resourceType": "Parameters", "parameter": [{"name": "query", "valueString": "{ name(use: usual) { given } }"}]}
    assert (await alpha.ask("POST", f"{peter['path']}/$graphql", parts)).json() == wanted
    assert (await alpha.ask("POST", f"{peter['path']}/$graphql", parts, content_type="application/json")).json() == wanted


async def test_in_a_batch_the_answer_is_a_binary(alpha, peter):
    entry = {"request": {"method": "GET", "url": f"{peter['path']}/$graphql?query={quote('{ active }')}"}}

    answer = await alpha.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})

    resource = answer.json()["entry"][0]["resource"]
    assert resource["resourceType"] == "Binary"
    assert base64.b64decode(resource["data"]) == b'{"data":{"active":true}}'


async def test_what_the_role_may_not_read_is_as_if_it_were_not_there(everyone, beta, peter):
    async def desk(path, query):
        return await everyone("front.desk", "POST", f"{path}/$graphql".lstrip("/"), query.encode(), content_type=GRAPHQL)

    assert (await desk(peter["path"], "{ id }")).json() == {"data": {"id": peter["id"]}}
    assert (await desk(peter["path"], "{ ConditionList(_reference: patient) { id } }")).status_code == 403
    assert (await desk("", "{ ConditionList { id } }")).status_code == 403
    assert (await desk("", '{ Condition(id: "x") { id } }')).status_code == 403
    assert (await ask(beta, peter["path"], "{ id }")).status_code == 404
    assert (await data(beta, "", f'{{ PatientList(family: "{peter["family"]}") {{ id }} }}')) == {"PatientList": []}


async def test_a_reference_to_a_hidden_type_reads_as_one_that_leads_nowhere(alpha, everyone):
    problem = await alpha.made({"resourceType": "Condition", "code": {"text": "secret"}, "subject": ref("Patient", "x")})
    references = [ref("Condition", problem["id"]), ref("Condition", "never-was")]
    booked = {
        "resourceType": "Appointment",
        "status": "proposed",
        "reasonReference": references,
        "participant": [{"status": "needs-action"}],
    }
    booked["participant"][0]["actor"] = {"display": "x"}
    made = await alpha.made(booked)
    query = "{ reasonReference { resource(optional: true) { ... on Condition { code { text } } } } }"

    answer = await everyone("front.desk", "POST", f"Appointment/{made['id']}/$graphql", query.encode(), content_type=GRAPHQL)

    assert answer.json() == {"data": {"reasonReference": [{}, {}]}}
    shown = await data(alpha, f"Appointment/{made['id']}", query)
    assert shown["reasonReference"][0] == {"resource": {"code": {"text": "secret"}}}


async def test_every_record_read_is_audited(alpha, peter, audited):
    before = len(await audited(peter["id"]))

    await data(alpha, peter["path"], "{ id ConditionList(_reference: patient) { id } }")

    assert [action for action, _, _ in (await audited(peter["id"]))[before:]] == ["R", "S"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{",
        "{ nothing }",
        "{ name }",
        "{ birthDate { x } }",
        "{ name { family } @flatten }",
        "{ name @unknown { family } }",
        "{ name(colour: red) { family } }",
        "{ name @singleton { family } }",
        "{ name @slice { family } }",
        '{ name @slice(path: "(") { family } }',
        '{ name(fhirpath: "use = ") { family } }',
        "{ photo { nothing } }",
        "{ photo(colour: red) { url } }",
        "{ link { other { resource(type: Nothing) { id } } } }",
        "{ link { other { resource { ... on Nothing { id } } } } }",
        '{ birthDate(use: "x") }',
        '{ ConditionConnection(_reference: patient, _cursor: "x") { next } }',
        '{ ConditionList(_reference: patient, id: "x") { id } }',
        "{ ...x }",
        "{ ...x } fragment x on Patient { ...x }",
        "{ ...x } fragment x on Patient { name { ...y } } fragment y on HumanName { ...x }",
        "mutation { x }",
        "{ id } query b { id }",
        "query($x: id!) { id }",
        "{ ConditionList(_reference: colour) { id } }",
        "{ ConditionList(colour: red) { id } }",
        "{ ConditionConnection(_reference: patient) { colour } }",
        "{ ConditionList(_reference: {x: 1}) { id } }",
        "{ " + "name { " * 60 + "family" + " }" * 60 + " }",
        "{ " + " ".join(f"a{number}: id" for number in range(200)) + " }",
        "{ id " * 3000,
    ],
)
async def test_what_cannot_be_answered_is_refused(refused_query, peter, query):
    await refused_query(400, peter["path"], query)


async def test_over_the_system_a_query_begins_with_a_type(refused, refused_query, peter):
    for query in ("{ id }", "{ Patient { id } }", '{ Patient(name: "x") { id } }', "{ NothingList { id } }"):
        await refused_query(400, "", query)
    await refused_query(400, "", "{ ConditionList(_reference: patient) { id } }")
    await refused_query(400, "", "{ PatientList { nothing } }")
    await refused_query(404, "", '{ Patient(id: "never-was") { id } }', "not-found")
    await refused(404, "POST", "Patient/$graphql", b"{ id }", content_type=GRAPHQL)
    await refused(405, "PUT", "$graphql", b"{ id }", content_type=GRAPHQL)


async def test_searches_without_end_are_refused_at_once(refused_query, peter):
    one = f'PatientList(_id: "{peter["id"]}") {{ ConditionList(_reference: patient) {{ id }} }}'
    lists = " ".join(f"a{number}: {one}" for number in range(90))

    async with asyncio.timeout(20):
        await refused_query(400, "", f"{{ {lists} }}", "too-costly")


async def test_a_list_is_whole_or_an_error_and_never_cut(alpha, refused_query, peter):
    entry = {"request": {"method": "POST", "url": "Basic"}, "resource": {"resourceType": "Basic", "code": {"text": "many"}}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 300}
    assert (await alpha.ask("POST", "", bundle)).status_code == 200

    assert len((await data(alpha, "", "{ BasicList { id } }"))["BasicList"]) == 300
    assert len((await data(alpha, "", "{ BasicList(_count: 7) { id } }"))["BasicList"]) == 7
    for _ in range(3):
        await alpha.ask("POST", "", bundle)
    await refused_query(400, "", "{ BasicList { id } }", "too-costly")
