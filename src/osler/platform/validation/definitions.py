"""The structures and codes a validation may use: those shipped, those a guide brought, those the tenant keeps as resources.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from osler.platform.fhir.value_sets import Expansion, codes_of, system_codes
from osler.platform.validation.expansion import Codes
from osler.platform.validation.rows import BASE, Row, Structure, head, row_of
from osler.platform.validation.shapes import Shape, flat
from osler.platform.validation.snapshots import snapshot

_TABLES = Path(__file__).parent / "tables"
# Where a URL names no version, the newest guide answers.
BUILT_IN = ("r4", "us-core-7.0.0", "us-core-6.1.0")
_LONGEST_CHAIN = 20


@cache
def _table(name: str) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(gzip.decompress((_TABLES / f"{name}.json.gz").read_bytes()), type=dict[str, msgspec.Raw])


@cache
def _shipped(name: str, url: str) -> Structure | None:
    found = _table(name).get(url)
    return None if found is None else msgspec.json.decode(found, type=Structure)


def shipped(name: str) -> list[str]:
    """The canonical URLs of the structures in a shipped table."""
    return list(_table(name))


_MOST_REMEMBERED = 20_000
"""Names that are not known come from what is sent, so they are not all remembered."""


class Definitions:
    """What is known. `own` are resources (StructureDefinition, ValueSet, CodeSystem), `packed` such resources as gzipped JSON under
    `Kind url` and `Kind url|version`, opened when needed; both come before what is shipped.
    """

    def __init__(self, own: Iterable[dict[str, Any]] = (), packed: Mapping[str, bytes] | None = None) -> None:
        self._own: dict[str, dict[str, Any]] = {}
        self._packed = packed or {}
        self._shapes: dict[str, Shape | None] = {}
        self.quick: dict[str, Any] = {}
        """What `acceptance` has made of these definitions; never shared, since two tenants may name different codes alike."""
        for resource in own:
            url, version = resource.get("url"), resource.get("version")
            if isinstance(url, str):
                self._own[f"{resource['resourceType']} {url}"] = resource
                if isinstance(version, str):
                    self._own[f"{resource['resourceType']} {url}|{version}"] = resource
        self.codes = Codes(self._find)

    def _find(self, kind: str, url: str) -> dict[str, Any] | None:
        name = f"{kind} {url}"
        found = self._own.get(name)
        if found is None and name in self._packed:
            found = self._own[name] = json.loads(gzip.decompress(self._packed[name]), parse_float=Decimal)
        return found

    def knows(self, url: str) -> bool:
        """Whether a structure of this canonical URL is at hand."""
        return self.shape(url) is not None

    def shape(self, url: str) -> Shape | None:
        """The rules of a structure by its canonical URL, with or without `|version`; None when it is not at hand."""
        if url in self._shapes:
            return self._shapes[url]
        shape = self._shape(url)
        if shape is not None or len(self._shapes) < _MOST_REMEMBERED:
            self._shapes[url] = shape
        return shape

    def type(self, name: str) -> Shape | None:
        """The rules of a FHIR type by its name."""
        return self.shape(BASE + name)

    def value_set(self, url: str) -> Expansion | None:
        """The codes of a value set; None when it is not at hand or cannot be listed."""
        return self.codes.of(url) or codes_of(url)

    def has_value_set(self, url: str) -> bool:
        """Whether the definition of a value set is at hand, be it listed or not."""
        return self._find("ValueSet", url.partition("|")[0]) is not None or codes_of(url) is not None

    def code_system(self, url: str) -> frozenset[str] | None:
        """All codes of a complete code system; None when it is not at hand."""
        return self.codes.system(url) or system_codes(url)

    def _shape(self, url: str) -> Shape | None:
        own = self._find("StructureDefinition", url)
        if own is not None:
            return self._from_resource(own)
        plain, _, version = url.partition("|")
        for name in BUILT_IN:
            found = _shipped(name, plain)
            if found is not None and (not version or found.version == version):
                return _built_in(name, plain)
        return None

    def _from_resource(self, resource: dict[str, Any]) -> Shape | None:
        rows = self.rows_of(resource, ())
        return None if not rows else Shape(head(resource, list(rows)), rows)

    def rows_of(self, resource: dict[str, Any], above: tuple[str, ...]) -> list[Row]:
        """The rows of a StructureDefinition: its snapshot, or one made from its differential and what it derives from."""
        given = resource.get("snapshot", {}).get("element")
        if given:
            return [row_of(e) for e in given]
        base = str(resource.get("baseDefinition", ""))
        if not base or base in above or len(above) > _LONGEST_CHAIN:
            return []
        under = self._rows(base, (*above, base))
        return snapshot(under, resource, self) if under else []

    def _rows(self, url: str, above: tuple[str, ...]) -> list[Row]:
        own = self._find("StructureDefinition", url)
        if own is not None:
            return self.rows_of(own, above)
        shape = self.shape(url)
        return flat(shape) if shape is not None else []


@cache
def _built_in(name: str, url: str) -> Shape | None:
    structure = _shipped(name, url)
    if structure is None:
        return None
    rows: list[Row] = []
    below: list[Row] | None = None
    for row in structure.rows:
        if isinstance(row, Row):
            rows.append(row)
            continue
        if below is None:
            base = _shipped("r4", BASE + structure.type)
            below = [r for r in base.rows if isinstance(r, Row)] if base is not None else []
        rows += below[row[0] : row[0] + row[1]]
    return Shape(structure, rows)


SHIPPED = Definitions()
