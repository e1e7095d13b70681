"""The rows and columns of one type: every top-level element has its column, a choice has one, a code and a measured value have two."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import msgspec

from osler.formats.csv.cells import codes, safe, said, unit
from osler.platform.fhir.elements import Element, elements

LEFT_OUT = frozenset({"id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"})
CODED = frozenset({"CodeableConcept", "Coding"})
MEASURED = frozenset({"Quantity", "Age", "Duration", "Count", "Distance"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_decoder = msgspec.json.Decoder(float_hook=str)


class Column(NamedTuple):
    """One element, or all kinds of one choice."""

    title: str
    elements: tuple[Element, ...]

    @property
    def coded(self) -> bool:
        """Whether codes have a column of their own."""
        return any(element.type in CODED for element in self.elements)

    @property
    def measured(self) -> bool:
        """Whether units have a column of their own."""
        return any(element.type in MEASURED and not element.many for element in self.elements)


def table(kind: str, resources: Iterable[bytes]) -> bytes:
    """Records of one type as CSV. The columns are the same whatever the records hold, so that pages can be joined."""
    shown = columns(kind)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(titles(shown))
    for body in resources:
        writer.writerow([safe(cell) for cell in row(_decoder.decode(body), shown)])
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


@cache
def columns(kind: str) -> tuple[Column, ...]:
    """The columns of a type, in the order of its definition."""
    groups: dict[str, list[Element]] = {}
    for element in elements(kind).values():
        if element.name not in LEFT_OUT and element.type != "Resource":
            groups.setdefault(element.choice or element.name, []).append(element)
    return tuple(Column(worded(name), tuple(members)) for name, members in groups.items())


def worded(name: str) -> str:
    """`birthDate` as a heading: Birth date."""
    text = _HUMP.sub(" ", name).lower()
    return text[:1].upper() + text[1:]


def titles(shown: tuple[Column, ...]) -> list[str]:
    """The heading row."""
    found = ["Id", "Last updated"]
    for column in shown:
        found.append(column.title)
        if column.measured:
            found.append(f"{column.title} unit")
        if column.coded:
            found.append(f"{column.title} code")
    return found


def row(resource: dict[str, Any], shown: tuple[Column, ...]) -> list[str]:
    """One record."""
    cells = [str(resource.get("id", "")), str((resource.get("meta") or {}).get("lastUpdated", ""))]
    for column in shown:
        element = next((one for one in column.elements if one.name in resource), None)
        value = None if element is None else resource[element.name]
        kind = "" if element is None else element.type
        measured = column.measured and kind in MEASURED and isinstance(value, dict)
        cells.append(f"{value.get('comparator', '')}{value.get('value', '')}" if measured and value is not None else said(value, kind))
        if column.measured:
            cells.append(unit(value) if measured and value is not None else "")
        if column.coded:
            cells.append(codes(value, kind) if kind in CODED else "")
    return cells
