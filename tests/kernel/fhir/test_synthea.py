"""The Synthea patients that none of us wrote are valid transactions, entry by entry."""

from __future__ import annotations

import bz2
from collections import Counter

from osler.platform import fhir
from osler.platform.testing import shared_data


def test_all_60271_synthea_entries_are_valid_r4() -> None:
    counts: Counter[str] = Counter()
    for path in sorted(shared_data("synthea", "blaze-2021").glob("*.json.bz2")):
        envelope = fhir.parse_envelope(bz2.decompress(path.read_bytes()))
        for index, raw in enumerate(envelope.resources):
            assert raw is not None
            counts[fhir.parse_value(raw, f"Bundle.entry[{index}].resource").type] += 1

    assert counts.total() == 60271
    assert counts["Patient"] == 80
