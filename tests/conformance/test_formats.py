"""XML, NDJSON and raw Binaries over HTTP, in and out, for every interaction. https://hl7.org/fhir/R4/http.html#mime-type"""

from __future__ import annotations

import csv
import io
import json

import pytest

from osler.formats.xml import to_json, to_xml

XML = "application/fhir+xml"
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


def as_xml(resource) -> bytes:
    return to_xml(json.dumps(resource).encode())


def from_xml(answer):
    assert answer.headers["content-type"].endswith("xml; charset=utf-8"), answer.headers
    return json.loads(to_json(answer.content))


async def test_a_record_is_created_updated_read_and_deleted_in_xml(alpha, patient):
    made = from_xml(await alpha.ask("POST", "Patient", as_xml(patient("Müller")), content_type=XML, accept=XML))
    assert made["name"] == [{"family": "Müller"}]

    changed = await alpha.ask("PUT", f"Patient/{made['id']}", as_xml(made | {"active": True}), content_type="text/xml")
    assert changed.json()["active"] is True
    again = await alpha.get(f"Patient/{made['id']}", accept=XML)
    assert from_xml(again) == changed.json()
    assert again.headers["etag"] == 'W/"2"'
    assert from_xml(await alpha.get(f"Patient/{made['id']}/_history/1?_format=xml")) == made
    assert len(from_xml(await alpha.get(f"Patient/{made['id']}/_history", accept=XML))["entry"]) == 2
    gone = await alpha.ask("DELETE", f"Patient/{made['id']}", accept=XML, prefer="return=OperationOutcome")
    assert from_xml(gone)["resourceType"] == "OperationOutcome"


async def test_a_search_and_its_links_stay_in_xml(alpha, patient):
    family = alpha.unique("Xml")
    for _ in range(2):
        await alpha.made(patient(family))

    first = from_xml(await alpha.get(f"Patient?family={family}&_count=1&_format=xml"))
    links = {link["relation"]: link["url"] for link in first["link"]}
    second = from_xml(await alpha.http.get(links["next"]))
    form = await alpha.ask(
        "POST", "Patient/_search", f"family={family}".encode(), content_type="application/x-www-form-urlencoded", accept=XML
    )

    assert first["entry"][0]["resource"]["id"] != second["entry"][0]["resource"]["id"]
    assert len(from_xml(form)["entry"]) == 2


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_a_bundle_comes_and_goes_in_xml(alpha, patient, kind):
    entry = {
        "fullUrl": "urn:uuid:01a1fe37-20cf-718c-9fa2-27323c7eeeb0",
        "resource": patient(),
        "request": {"method": "POST", "url": "Patient"},
    }

    answer = await alpha.ask("POST", "", as_xml({"resourceType": "Bundle", "type": kind, "entry": [entry]}), content_type=XML, accept=XML)

    assert from_xml(answer)["type"] == f"{kind}-response"
    assert from_xml(answer)["entry"][0]["response"]["status"] == "201"


async def test_a_fhirpath_patch_may_come_in_xml(alpha, patient):
    made = await alpha.made(patient())
    operation = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.birthDate"},
        {"name": "value", "valueDate": "1900-01-01"},
    ]
    body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": operation}]}

    answer = await alpha.ask("PATCH", f"Patient/{made['id']}", as_xml(body), content_type=XML)

    assert answer.json()["birthDate"] == "1900-01-01"


async def test_the_capability_statement_is_told_in_xml_too(alpha):
    told = from_xml(await alpha.get("metadata?_format=xml"))

    assert told == (await alpha.get("metadata")).json()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/xml", "application/xml"),
        ("text/xml;q=0.5", "text/xml"),
        ("application/fhir+json;q=0.3, application/fhir+xml;q=0.7", XML),
        ("application/fhir+xml, application/fhir+json", XML),
        ("application/fhir+xml;q=0.2, */*;q=0.1", XML),
        ("application/json;q=0, */*", XML),
        ("application/xml;q=0.9, */*", "application/fhir+json"),
        ("text/turtle, application/fhir+json;q=0.1", "application/fhir+json"),
        ("application/fhir+ndjson", "application/fhir+ndjson"),
    ],
)
async def test_the_form_with_the_highest_weight_is_answered(alpha, patient, accept, kind):
    made = await alpha.made(patient())

    answer = await alpha.get(f"Patient/{made['id']}", accept=accept)

    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


async def test_refusals_are_told_in_the_form_asked_for(alpha):
    for asked in (
        {"path": "Patient/no-such?_format=xml"},
        {"path": "Patient/no-such", "accept": XML},
        {"path": "Nope/1", "accept": "text/xml"},
    ):
        answer = await alpha.get(**asked)
        assert answer.status_code == 404
        assert from_xml(answer)["resourceType"] == "OperationOutcome"


async def test_broken_xml_is_refused_by_element_and_line_and_writes_nothing(refused, alpha):
    wrong = b'<Patient xmlns="http://hl7.org/fhir">\n <name>\n  <family value="A"/><nmae/>\n </name>\n</Patient>'
    outcome = await refused(400, "POST", "Patient", wrong, at="Patient.name[0].nmae", content_type=XML)
    assert outcome["issue"][0]["extension"][0]["valueInteger"] == 3

    unreal = b'<Patient xmlns="http://hl7.org/fhir">\n <active value="true"/>\n\n <birthDate value="1981-02-29"/>\n</Patient>'
    outcome = await refused(422, "POST", "Patient", unreal, at="Patient.birthDate", content_type=XML)
    assert outcome["issue"][0]["extension"][0]["valueInteger"] == 4

    await refused(400, "POST", "Patient", b'<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>', content_type=XML)
    await refused(
        400, "POST", "", b'<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><x/></entry></Bundle>', content_type=XML
    )
    await refused(415, "POST", "Patient", b"a: b", content_type="text/yaml")
    await refused(415, "POST", "Patient", b"<x/>", content_type="application/fhir+xml; charset=latin1")


async def test_a_validation_of_xml_tells_form_and_content_each_in_its_line(alpha):
    text = b'<Patient xmlns="http://hl7.org/fhir">\n <nmae/>\n <gender value="x"/>\n <birthDate value="1981-02-29"/>\n</Patient>'

    answer = await alpha.ask("POST", "Patient/$validate", text, content_type=XML, accept="application/fhir+json")

    assert answer.status_code == 200
    said = {
        issue["expression"][0]: issue["extension"][0]["valueInteger"] for issue in answer.json()["issue"] if issue["severity"] == "error"
    }
    assert said == {"Patient.nmae": 2, "Patient.gender": 3, "Patient.birthDate": 4}


async def test_ndjson_is_one_record_a_line_with_its_links_in_the_header(alpha, patient):
    family = alpha.unique("Nd")
    made = [await alpha.made(patient(family, birthDate=f"190{n}-01-01")) for n in range(3)]

    answer = await alpha.get(f"Patient?family={family}&_sort=birthdate&_count=2", accept="application/fhir+ndjson")

    assert [json.loads(line) for line in answer.text.splitlines()] == made[:2]
    assert 'rel="next"' in answer.headers["link"]
    rest = await alpha.get(f"Patient?family={family}&_sort=-birthdate&_format=ndjson&_count=1")
    assert json.loads(rest.text) == made[2]


async def test_operations_answer_in_every_form_their_answer_has(alpha, patient):
    made = await alpha.made(patient())

    everything = await alpha.get(f"Patient/{made['id']}/$everything?_format=ndjson")
    assert json.loads(everything.text.splitlines()[0]) == made
    assert from_xml(await alpha.get(f"Patient/{made['id']}/$everything", accept=XML))["entry"][0]["resource"] == made
    asked = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:x", "code": "y"}]}}]}
    tagged = await alpha.ask("POST", f"Patient/{made['id']}/$meta-add", as_xml(asked), content_type=XML, accept=XML)
    assert from_xml(tagged)["parameter"][0]["valueMeta"]["tag"] == [{"system": "urn:x", "code": "y"}]


async def test_what_is_no_list_of_records_is_not_told_as_ndjson(refused, patient):
    for method, path in (("GET", "Patient/_history"), ("GET", "metadata"), ("POST", "Patient"), ("POST", "")):
        await refused(406, method, path, patient() if method == "POST" else None, accept="application/fhir+ndjson")


async def test_a_search_is_a_table_for_people(alpha, patient):
    family = alpha.unique("Csv")
    first = await alpha.made(patient(family, name=[{"family": family, "given": ["Ann", "Bo"], "prefix": ["Dr"]}], deceasedBoolean=False))
    await alpha.made(
        patient(
            family,
            name=[{"text": f'=HYPERLINK("{family}")', "family": family}],
            telecom=[{"system": "phone", "value": "+1 555", "use": "home"}],
        )
    )

    answer = await alpha.get(f"Patient?family={family}&_sort=_lastUpdated", accept="text/csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="Patient.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbfId,")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0]["Id"] == first["id"]
    assert [row["Name"] for row in rows] == [f"Dr Ann Bo {family}", f'\'=HYPERLINK("{family}")']
    assert [row["Birth date"] for row in rows] == ["1867-11-07", "1867-11-07"]
    assert [row["Deceased"] for row in rows] == ["no", ""]
    assert rows[1]["Telecom"] == "'+1 555 (home)"


async def test_a_measurement_has_its_number_and_its_unit_in_columns_of_their_own(alpha, patient):
    owner = await alpha.made(patient())
    code = {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]}
    body = {"resourceType": "Observation", "status": "final", "code": code, "subject": {"reference": f"Patient/{owner['id']}"}}
    await alpha.made(body | {"valueQuantity": {"value": -72.5, "unit": "kg"}, "effectiveDateTime": "2020-02-29"})

    answer = await alpha.get(f"Observation?patient={owner['id']}&_format=csv")

    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Code"], row["Code code"], row["Value"], row["Value unit"]) == ("Body weight", "http://loinc.org|29463-7", "-72.5", "kg")
    assert row["Effective"] == "2020-02-29"


async def test_a_table_says_what_it_left_out(alpha, patient):
    family = alpha.unique("Cut")
    for _ in range(2):
        await alpha.made(patient(family))

    answer = await alpha.get(f"Patient?family={family}&_count=1&nonsense=1&_format=csv", prefer="handling=lenient")

    assert 'rel="next"' in answer.headers["link"]
    assert "nonsense" in answer.headers["warning"]


async def test_what_is_no_table_is_refused_as_one(refused, alpha, patient):
    made = await alpha.made(patient())
    for path in (f"Patient/{made['id']}", "Patient?_include=Patient:organization", "?_type=Patient,Observation", "_history", "metadata"):
        await refused(406, "GET", path, accept="text/csv")
    await refused(406, "POST", "Patient", patient(), accept="text/csv")


async def test_pretty_xml_is_indented_and_says_the_same(alpha, patient):
    made = await alpha.made(patient())

    answer = await alpha.get(f"Patient/{made['id']}?_format=xml&_pretty=true")

    assert b'\n  <birthDate value="1867-11-07"/>\n' in answer.content
    assert from_xml(answer) == made


class TestBinary:
    async def test_bytes_become_a_binary_and_come_back_as_they_were(self, alpha, patient):
        owner = await alpha.made(patient())

        made = await alpha.ask("POST", "Binary", PNG, content_type="image/png", x_security_context=f"Patient/{owner['id']}")
        assert made.status_code == 201
        raw = await alpha.get(f"Binary/{made.json()['id']}")

        assert raw.content == PNG
        assert raw.headers["content-type"] == "image/png"
        assert raw.headers["x-content-type-options"] == "nosniff"
        assert raw.headers["x-security-context"] == f"Patient/{owner['id']}"
        assert raw.headers["content-disposition"] == f'inline; filename="{made.json()["id"]}.png"'
        assert "sandbox" in raw.headers["content-security-policy"]
        assert raw.headers["etag"] == 'W/"1"'

    async def test_a_fhir_media_type_gets_the_resource(self, alpha):
        made = (await alpha.ask("POST", "Binary", b"hello", content_type="text/plain; charset=utf-8")).json()

        whole = await alpha.get(f"Binary/{made['id']}", accept="application/fhir+json")
        assert whole.json() == made
        assert made["contentType"] == "text/plain; charset=utf-8"
        assert from_xml(await alpha.get(f"Binary/{made['id']}?_format=xml")) == made
        assert (await alpha.get(f"Binary/{made['id']}", accept="application/json")).json() == made
        assert (await alpha.get(f"Binary/{made['id']}/_history/1", accept="text/*")).content == b"hello"
        again = await alpha.ask("PUT", f"Binary/{made['id']}", b"new", content_type="text/plain")
        assert again.status_code == 200
        assert (await alpha.get(f"Binary/{made['id']}", accept="*/*")).content == b"new"

    async def test_a_page_that_could_run_is_a_download(self, alpha):
        made = (await alpha.ask("POST", "Binary", b"<script>alert(1)</script>", content_type="text/html")).json()

        answer = await alpha.get(f"Binary/{made['id']}", accept="text/html,*/*;q=0.8")

        assert answer.headers["content-disposition"].startswith("attachment")
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    async def test_a_resource_sent_as_such_stays_one(self, alpha):
        made = await alpha.made({"resourceType": "Binary", "contentType": "application/json", "data": "e30="})

        assert (await alpha.get(f"Binary/{made['id']}", accept="application/json")).content == b"{}"

    async def test_refusals(self, alpha, refused):
        made = (await alpha.ask("POST", "Binary", PNG, content_type="image/png")).json()

        await refused(406, "GET", f"Binary/{made['id']}", accept="application/pdf")
        await refused(400, "POST", "Binary", PNG, content_type="image/png", x_security_context="not a reference")
        await refused(415, "POST", "Binary", PNG, content_type="nonsense")
        assert (await alpha.get("Binary/no-such")).status_code == 404

    async def test_a_document_is_as_closed_as_the_record_it_belongs_to(self, alpha, patient):
        owner = await alpha.made(patient())
        secret = await alpha.made(
            {"resourceType": "Binary", "contentType": "text/plain", "data": "eA==", "securityContext": {"reference": "AuditEvent/1"}}
        )
        open_one = await alpha.made(
            {
                "resourceType": "Binary",
                "contentType": "text/plain",
                "data": "eA==",
                "securityContext": {"reference": f"Patient/{owner['id']}"},
            }
        )

        nurse = {"authorization": "Bearer alpha/nurse"}
        assert (await alpha.get(f"Binary/{open_one['id']}", **nurse)).content == b"x"
        for accept in ("*/*", "application/fhir+json"):
            denied = await alpha.get(f"Binary/{secret['id']}", accept=accept, **nurse)
            assert denied.status_code == 403
            assert "eA==" not in denied.text
        entry = {"request": {"method": "GET", "url": f"Binary/{secret['id']}"}}
        for kind in ("batch", "transaction"):
            bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
            assert "eA==" not in (await alpha.ask("POST", "", bundle, **nurse)).text
        for path in (
            f"Binary?_id={secret['id']}",
            f"Binary/{secret['id']}/_history",
            "Binary/_history",
            f"?_type=Binary&_id={secret['id']}",
        ):
            listed = await alpha.get(path, **nurse)
            assert listed.status_code == 200
            assert secret["id"] in listed.text
            assert all("data" not in one["resource"] for one in listed.json()["entry"] if one["resource"]["id"] == secret["id"]), path
        mine = await alpha.get(f"Binary?_id={open_one['id']}", **nurse)
        assert mine.json()["entry"][0]["resource"]["data"] == "eA=="
