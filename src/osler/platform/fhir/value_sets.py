"""The codes of the value sets and code systems that come with Osler, read from the compact tables when first asked for.

https://hl7.org/fhir/R4/terminologies.html#code
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

_TABLES = Path(__file__).parent / "generated"
Expansion = Mapping[str, frozenset[str]]
"""The codes of a value set under their code systems."""


@cache
def _table(name: str) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(gzip.decompress((_TABLES / f"{name}.json.gz").read_bytes()), type=dict[str, msgspec.Raw])


@cache
def codes_of(url: str) -> Expansion | None:
    """The codes of a shipped value set (with or without `|version`); None where it is not shipped or cannot be listed."""
    found = _table("value_sets").get(url.partition("|")[0])
    return None if found is None else msgspec.json.decode(found, type=dict[str, frozenset[str]])


@cache
def system_codes(url: str) -> frozenset[str] | None:
    """All codes of a code system that FHIR itself defines; None where the system is not shipped."""
    found = _table("code_systems").get(url.partition("|")[0])
    return None if found is None else msgspec.json.decode(found, type=frozenset[str])
