"""What one request may bring: over a limit it is refused whole, in any form, and nothing is written."""

from __future__ import annotations

import gzip

import pytest

from osler.platform.fhir.limits import MOST_DEPTH, MOST_ENTRIES

XML = "application/fhir+xml"
JSON_BUNDLE = b'{"resourceType":"Bundle","type":"%b","entry":[%b]}'
XML_BUNDLE = b'<Bundle xmlns="http://hl7.org/fhir"><type value="%b"/>%b</Bundle>'


@pytest.mark.parametrize("kind", [b"batch", b"transaction"])
async def test_a_bundle_of_100_000_entries_is_413(refused, kind):
    outcome = await refused(413, "POST", "", JSON_BUNDLE % (kind, b",".join([b"{}"] * 100_000)), code="too-long", at="Bundle.entry")
    assert len(outcome["issue"]) == 1
    packed = gzip.compress(XML_BUNDLE % (kind, b'<entry id="1"/>' * 30_000))
    outcome = await refused(413, "POST", "", packed, code="too-long", content_type=XML, content_encoding="gzip")
    assert outcome["issue"][-1]["expression"] == [f"Bundle.entry[{MOST_ENTRIES}]"]


async def test_a_bundle_of_bad_entries_tells_a_hundred_problems(refused):
    outcome = await refused(400, "POST", "", XML_BUNDLE % (b"batch", b"<entry><x/></entry>" * 10_000), content_type=XML)
    assert len(outcome["issue"]) == 100
    outcome = await refused(400, "POST", "", JSON_BUNDLE % (b"batch", b",".join([b'{"x":1}'] * 10_000)))
    assert len(outcome["issue"]) == 100


async def test_a_body_that_inflates_over_the_limit_is_413(refused):
    await refused(413, "POST", "Patient", gzip.compress(b" " * 100_000_000), content_encoding="gzip")
    await refused(413, "POST", "Patient", gzip.compress(b"<a>" * 10_000_000), content_type=XML, content_encoding="gzip")


async def test_nesting_without_end_is_400(refused):
    deep = MOST_DEPTH + 1
    nested = b'{"url":"http://x","extension":[' * deep + b'{"url":"http://x","valueString":"a"}' + b"]}" * deep
    await refused(400, "POST", "Patient", b'{"resourceType":"Patient","extension":[%b]}' % nested)
    await refused(400, "POST", "Patient", b'{"resourceType":"Patient","extension":[%b]}' % (b'{"extension":[' * 20_000))
    text = b'<Patient xmlns="http://hl7.org/fhir">' + b'<extension url="http://x">' * 15_000
    await refused(400, "POST", "Patient", text, content_type=XML)


async def test_a_number_without_end_is_refused_in_both_forms(refused):
    huge = b"9" * 400_000
    await refused(
        422, "POST", "Patient", b'{"resourceType":"Patient","multipleBirthInteger":%b}' % huge, at="Patient.multipleBirth.ofType(integer)"
    )
    text = b'<Patient xmlns="http://hl7.org/fhir"><multipleBirthInteger value="%b"/></Patient>' % huge
    await refused(422, "POST", "Patient", text, at="Patient.multipleBirth.ofType(integer)", content_type=XML)
