"""A StructureDefinition as compact rows: what validation needs of each element, nothing else.

The shipped tables hold these rows; any other StructureDefinition is turned into them when it is used.
https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

from typing import Any

import msgspec

BASE = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM = "http://hl7.org/fhirpath/System."
_EXTENSIONS = "http://hl7.org/fhir/StructureDefinition/"
# Said natively by the reading of the text, for every element there is.
_EVERYWHERE = frozenset({"ele-1"})


class Constraint(msgspec.Struct, array_like=True, frozen=True):
    """One invariant of an element."""

    key: str
    severity: str
    human: str
    expression: str
    source: str = ""
    best_practice: bool = False


class TypeRef(msgspec.Struct, array_like=True, frozen=True):
    """One type an element may have, with the profiles it or its target must match."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


class Slicing(msgspec.Struct, array_like=True, frozen=True):
    """How repeats of an element are told apart."""

    discriminators: tuple[tuple[str, str], ...] = ()
    rules: str = "open"
    ordered: bool = False


class Binding(msgspec.Struct, array_like=True, frozen=True):
    """The value set of an element and how binding it is; `largest` must never be left, whatever the strength."""

    strength: str
    value_set: str = ""
    largest: str = ""


class Value(msgspec.Struct, array_like=True, frozen=True):
    """A fixed, pattern, least or greatest value with its type."""

    type: str
    json: Any


class Row(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One element of a snapshot."""

    path: str = msgspec.field(name="p")
    slice: str = msgspec.field(name="s", default="")
    min: int = msgspec.field(name="n", default=0)
    max: str = msgspec.field(name="x", default="1")
    types: tuple[TypeRef, ...] = msgspec.field(name="t", default=())
    fixed: Value | None = msgspec.field(name="f", default=None)
    pattern: Value | None = msgspec.field(name="g", default=None)
    binding: Binding | None = msgspec.field(name="b", default=None)
    constraints: tuple[Constraint, ...] = msgspec.field(name="c", default=())
    longest: int = msgspec.field(name="l", default=0)
    least: Value | None = msgspec.field(name="lo", default=None)
    greatest: Value | None = msgspec.field(name="hi", default=None)
    content: str = msgspec.field(name="r", default="")
    slicing: Slicing | None = msgspec.field(name="d", default=None)
    modifier: bool = msgspec.field(name="m", default=False)
    regex: str = msgspec.field(name="e", default="")
    wording: bool = msgspec.field(name="w", default=False)
    """Whether the row stands for xhtml or another representation whose count is not checked."""


class Structure(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A StructureDefinition: its head and its rows. A row pair [start, count] copies rows of the type it constrains."""

    url: str = msgspec.field(name="u")
    type: str = msgspec.field(name="t")
    version: str = msgspec.field(name="v", default="")
    name: str = msgspec.field(name="n", default="")
    kind: str = msgspec.field(name="k", default="resource")
    base: str = msgspec.field(name="b", default="")
    constraint: bool = msgspec.field(name="d", default=True)
    abstract: bool = msgspec.field(name="a", default=False)
    contexts: list[tuple[str, str]] = msgspec.field(name="c", default=[])
    context_rules: list[str] = msgspec.field(name="i", default=[])
    imposed: list[str] = msgspec.field(name="o", default=[])
    rows: list[Row | tuple[int, int]] = msgspec.field(name="r", default=[])

    @property
    def versioned(self) -> str:
        """The canonical URL with its version, as messages name it."""
        return f"{self.url}|{self.version}" if self.version else self.url


def head(definition: dict[str, Any], rows: list[Row | tuple[int, int]]) -> Structure:
    """The head of a StructureDefinition with these rows."""
    imposed = [
        e.get("valueCanonical", "")
        for e in definition.get("extension", [])
        if e.get("url") == _EXTENSIONS + "structuredefinition-imposeProfile"
    ]
    return Structure(
        url=definition["url"],
        type=definition["type"],
        version=definition.get("version", ""),
        name=definition.get("name", ""),
        kind=definition.get("kind", "resource"),
        base=definition.get("baseDefinition", ""),
        constraint=definition.get("derivation") == "constraint",
        abstract=bool(definition.get("abstract")),
        contexts=[(c.get("type", ""), c.get("expression", "")) for c in definition.get("context", [])],
        context_rules=list(definition.get("contextInvariant", [])),
        imposed=imposed,
        rows=rows,
    )


def row_of(element: dict[str, Any]) -> Row:
    """One ElementDefinition as a row."""
    types = tuple(_type(t, element["path"]) for t in element.get("type", []))
    slicing = element.get("slicing")
    return Row(
        path=element["path"],
        slice=element.get("sliceName", ""),
        min=element.get("min", 0),
        max=element.get("max", "1"),
        types=types,
        fixed=_value(element, "fixed"),
        pattern=_value(element, "pattern"),
        binding=_binding(element.get("binding")),
        constraints=constraints_of(element, types),
        longest=element.get("maxLength", 0),
        least=_value(element, "minValue"),
        greatest=_value(element, "maxValue"),
        content=element.get("contentReference", "").rpartition("#")[2],
        slicing=_slicing(slicing) if slicing is not None else None,
        modifier=bool(element.get("isModifier")),
        regex=_extension(element, "regex"),
        wording=bool({"xhtml", "xmlText"} & set(element.get("representation", []))),
    )


def constraints_of(element: dict[str, Any], types: tuple[TypeRef, ...] = ()) -> tuple[Constraint, ...]:
    """The invariants of an element, without those that its type says itself."""
    extension = any(t.code == "Extension" for t in types)
    return tuple(
        Constraint(
            c["key"],
            c.get("severity", "error"),
            c.get("human", ""),
            c["expression"],
            c.get("source", ""),
            any(e.get("url", "").endswith("/elementdefinition-bestpractice") and e.get("valueBoolean") for e in c.get("extension", [])),
        )
        for c in element.get("constraint", [])
        if c.get("expression") and c["key"] not in _EVERYWHERE and not (extension and c["key"] == "ext-1")
    )


def _extension(element: dict[str, Any], name: str) -> str:
    return next((e.get("valueString", "") for e in element.get("extension", []) if e.get("url") == _EXTENSIONS + name), "")


def _type(given: dict[str, Any], path: str) -> TypeRef:
    code = given.get("code", "")
    if path == "Bundle.entry.response.outcome":
        code = "Resource"
    if code.startswith(_SYSTEM):
        code = "id" if path == "Resource.id" else "uri" if path == "Extension.url" else _plain(given, code)
    return TypeRef(
        code,
        tuple(given.get("profile", [])),
        tuple(given.get("targetProfile", [])),
        tuple(given.get("aggregation", [])),
    )


def _plain(given: dict[str, Any], code: str) -> str:
    named = next(
        (
            e.get("valueUrl") or e.get("valueUri")
            for e in given.get("extension", [])
            if e.get("url", "").endswith("/structuredefinition-fhir-type")
        ),
        None,
    )
    return str(named) if named else code.removeprefix(_SYSTEM).lower()


def _value(element: dict[str, Any], prefix: str) -> Value | None:
    for name, value in element.items():
        if name.startswith(prefix) and len(name) > len(prefix) and name[len(prefix)].isupper():
            return Value(name[len(prefix) :], value)
    return None


def _binding(given: dict[str, Any] | None) -> Binding | None:
    if given is None:
        return None
    largest = next(
        (e.get("valueCanonical") or e.get("valueUri", "") for e in given.get("extension", []) if e.get("url", "").endswith("-maxValueSet")),
        "",
    )
    return Binding(given.get("strength", "example"), given.get("valueSet", ""), largest)


def _slicing(given: dict[str, Any]) -> Slicing:
    discriminators = tuple((d.get("type", "value"), d.get("path", "$this")) for d in given.get("discriminator", []))
    return Slicing(discriminators, given.get("rules", "open"), bool(given.get("ordered")))
