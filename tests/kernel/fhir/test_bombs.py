"""A hostile body costs little: it is refused, or read, within seconds and without endless answers."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from osler.formats.xml import to_json
from osler.platform import fhir
from osler.platform.errors import Invalid, Malformed, TooLarge
from osler.platform.fhir.limits import LONGEST_STRING, MOST_DEPTH, MOST_ENTRIES, MOST_VALUES

ENTRY = b'{"resource":{"resourceType":"Patient","name":[{"family":%s}]},"request":{"method":"POST","url":"Patient"}}'
OBSERVATION = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},%s}'


def bundle(entry: bytes, count: int) -> bytes:
    return b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join([entry] * count) + b"]}"


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'{"resourceType":"Patient","extension":[' + b'{"url":"x","extension":[' * 5000 + b'{"url":"x"}' + b"]}" * 5000 + b"]}",
        b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":' * 300 + b'{"resourceType":"Patient"}' + b"}]}" * 300,
    ],
)
def test_a_text_nested_without_end_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        fhir.parse(text)


def test_a_bundle_of_20_000_entries_is_read_and_its_refusal_stays_short() -> None:
    started = time.perf_counter()

    assert len(fhir.parse_envelope(bundle(ENTRY % b'"x"', MOST_ENTRIES)).resources) == MOST_ENTRIES
    with pytest.raises(Malformed) as wrong_inside:
        fhir.parse(bundle(ENTRY % b"1", MOST_ENTRIES))
    with pytest.raises(Malformed) as wrong_around:
        fhir.parse(bundle(b'{"fullUrl":1}', MOST_ENTRIES))

    assert len(wrong_inside.value.issues) == 100
    assert len(wrong_around.value.issues) == 100
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    "member",
    [
        b'"valueInteger":' + b"9" * 1_000_000,
        b'"valueQuantity":{"value":1e99999999999999999999}',
        b'"language":"' + b"a " * 500_000 + b' "',
        b'"valueString":"a\\u0000' + b"a" * 1_000_000 + b'"',
        b'"extension":[{"url":"x","valueOid":"urn:oid:1' + b".1" * 500_000 + b' "}]',
    ],
)
def test_a_value_without_end_is_judged_in_one_pass(member: bytes) -> None:
    started = time.perf_counter()

    with pytest.raises(Invalid):
        fhir.parse(OBSERVATION % member)

    assert time.perf_counter() - started < 5


def test_a_name_given_a_hundred_thousand_times_is_refused() -> None:
    with pytest.raises(Malformed) as refused:
        fhir.parse(b'{"resourceType":"Patient",' + b",".join([b'"active":true'] * 100_000) + b"}")

    assert len(refused.value.issues) == 100


def test_a_bundle_may_have_so_many_entries_and_no_more() -> None:
    for entry in (ENTRY % b'"x"', ENTRY % b"1", b"{}", b'{"fullUrl":1}'):
        text = bundle(entry, MOST_ENTRIES + 1)
        for read in (fhir.parse, fhir.parse_envelope):
            with pytest.raises(TooLarge) as refused:
                read(text)
            assert [(issue.code, issue.expression) for issue in refused.value.issues] == [("too-long", "Bundle.entry")]


def test_many_parts_of_other_kinds_are_no_entries() -> None:
    extensions = b",".join([b'{"url":"http://x","valueInteger":1}'] * (MOST_ENTRIES + 5))

    parsed = fhir.parse(b'{"resourceType":"Patient","extension":[%b]}' % extensions)

    assert len(parsed.resource.extension) == MOST_ENTRIES + 5


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 200, 300])
def test_a_resource_nested_too_deeply_is_refused_before_it_is_read(depth: int) -> None:
    text = b'{"resourceType":"Patient","name":[{"text":"{[\\"{"}],"extension":[%b{"url":"x","valueString":"}"}%b]}'

    with pytest.raises(Malformed):
        fhir.parse(text % (b'{"url":"x","extension":[' * depth, b"]}" * depth))
    assert fhir.parse(text % (b'{"url":"x","extension":[' * 40, b"]}" * 40)).type == "Patient"


def test_a_string_is_as_long_as_r4_lets_it_be_and_a_document_longer() -> None:
    with pytest.raises(TooLarge):
        fhir.parse(b'{"resourceType":"Patient","name":[{"text":"%b"}]}' % (b"a b" * (LONGEST_STRING // 2)))
    document = b'{"resourceType":"Binary","contentType":"application/pdf","data":"%b"}' % (b"AAAA" * LONGEST_STRING)
    assert fhir.parse(document).type == "Binary"


def test_more_values_than_anybody_sends_are_refused() -> None:
    with pytest.raises(TooLarge):
        fhir.parse(b'{"resourceType":"Patient","name":[{"given":[%b"a"]}]}' % (b'"a",' * MOST_VALUES))


GROWTH = """
import resource, sys
from osler.formats.xml import to_json
from osler.platform import fhir
from osler.platform.errors import OslerError

def bodies(count):
    json = b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join([%r] * count) + b"]}"
    xml = b'<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/>' + %r * count + b"</Bundle>"
    return json, xml

def refuse(text, read):
    try:
        read(text)
    except OslerError as refused:
        assert 1 <= len(refused.issues) <= 101
        return
    raise AssertionError("it was taken")

def everything(count):
    json, xml = bodies(count)
    size = max(len(json), len(xml))
    for read in (fhir.parse, fhir.parse_envelope):
        refuse(json, read)
    refuse(xml, lambda text: fhir.parse_envelope(to_json(text)))
    return size

everything(50)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = everything(100_000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / size)
"""


@pytest.mark.parametrize(
    ("entry", "written"),
    [
        (
            b'{"resource":{"resourceType":"Patient","nmae":1,"birthDate":"x"},"request":{"method":"X"}}',
            b'<entry><resource><Patient><nmae/></Patient></resource><request><method value="X"/></request></entry>',
        ),
        (b'{"fullUrl":1,"request":{"method":"X"}}', b'<entry><fullUrl/><request><method value="X"/></request></entry>'),
        (b"{}", b"<entry/>"),
        (
            b'{"resource":{},"request":{"method":"X"}}',
            b'<entry><resource/><request><method value="X"/></request></entry>',
        ),
    ],
)
def test_a_bundle_of_100_000_bad_entries_is_refused_in_bounded_memory(entry: bytes, written: bytes) -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH % (entry, written)], capture_output=True, text=True, timeout=60, check=True)

    # The two texts themselves and a copy without blanks are three; a tree of the entries would be twenty and more.
    assert float(done.stdout) < 8


def test_xml_is_bounded_like_json() -> None:
    with pytest.raises(TooLarge):
        to_json(b'<Bundle xmlns="http://hl7.org/fhir">' + b'<entry><fullUrl value="urn:x"/></entry>' * (MOST_ENTRIES + 1) + b"</Bundle>")
