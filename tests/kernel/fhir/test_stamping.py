"""The body we answer is the body we were sent, plus id and meta."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from osler.platform import fhir

NOW = datetime(2026, 3, 1, 12, 30, 0, 5000, tzinfo=UTC)
OURS = b'"versionId":"3","lastUpdated":"2026-03-01T12:30:00.005Z"'


@pytest.mark.parametrize(
    ("sent", "meta", "rest"),
    [
        (b'{"resourceType":"Basic","code":{"text":"x"}}', b"", b',"code":{"text":"x"}'),
        (b'{"resourceType":"Basic","id":"old","code":{"text":"x"}}', b"", b',"code":{"text":"x"}'),
        (b'{"id":"old","code":{"text":"\\u00e9","id":"in"},"resourceType":"Basic"}', b"", b',"code":{"text":"\\u00e9","id":"in"}'),
        (b'{"resourceType":"Basic","meta":{"source":"s"},"code":{"text":"x"}}', b',"source":"s"', b',"code":{"text":"x"}'),
        (b'{"resourceType":"Basic","code":{"text":"x"},"meta":{"source":"s"}}', b',"source":"s"', b',"code":{"text":"x"}'),
        (
            b'{"resourceType":"Basic","code":{"text":"x"},"id":"old","author":{"display":"i"}}',
            b"",
            b',"code":{"text":"x"},"author":{"display":"i"}',
        ),
        (
            b'{"resourceType":"Basic","id":"old","meta":{"versionId":"9","lastUpdated":"2020-01-01T00:00:00Z","tag":[{"code":"a"}]},"code":{"text":"x"}}',
            b',"tag":[{"code":"a"}]',
            b',"code":{"text":"x"}',
        ),
        (b'{"resourceType":"Basic","\\u006deta":{"versionId":"9"},"code":{"text":"x"}}', b"", b',"code":{"text":"x"}'),
        (b'{"resourceType":"Basic","meta":{"versionId":"9"},"code":{"text":"x"}}', b"", b',"code":{"text":"x"}'),
    ],
)
def test_only_id_and_meta_are_put_in(sent: bytes, meta: bytes, rest: bytes) -> None:
    stamped = fhir.stamp(fhir.parse(sent), "new", 3, NOW)

    assert stamped == b'{"resourceType":"Basic","id":"new","meta":{' + OURS + meta + b"}" + rest + b"}"


def test_a_resource_that_is_only_its_type_can_be_stamped() -> None:
    assert (
        fhir.stamp(fhir.parse(b'{"resourceType":"Patient"}'), "p", 3, NOW) == b'{"resourceType":"Patient","id":"p","meta":{' + OURS + b"}}"
    )


def test_the_time_of_the_change_is_written_in_utc() -> None:
    zone = timezone(timedelta(hours=2))

    stamped = fhir.stamp(fhir.parse(b'{"resourceType":"Patient"}'), "p", 3, NOW.astimezone(zone))

    assert OURS in stamped
