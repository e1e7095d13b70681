"""A hostile body costs little: it is refused, or read, within seconds and without endless answers."""

from __future__ import annotations

import time

import pytest

from osler.platform import fhir
from osler.platform.errors import Invalid, Malformed

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


def test_a_bundle_of_100_000_entries_is_read_and_its_refusal_stays_short() -> None:
    started = time.perf_counter()

    assert len(fhir.parse_envelope(bundle(ENTRY % b'"x"', 100_000)).resources) == 100_000
    with pytest.raises(Malformed) as wrong_inside:
        fhir.parse(bundle(ENTRY % b"1", 100_000))
    with pytest.raises(Malformed) as wrong_around:
        fhir.parse(bundle(b'{"fullUrl":1}', 100_000))

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
