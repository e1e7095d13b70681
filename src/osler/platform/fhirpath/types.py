"""R4's types and FHIRPath's own as the engine and its checker see them. https://hl7.org/fhir/R4/fhirpath.html#types"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from osler.platform.fhir.elements import PRIMITIVES, Element, base_of, elements, is_type, path_of
from osler.platform.fhirpath.problems import ExecutionProblem

SYSTEM = frozenset({"Any", "Boolean", "String", "Integer", "Long", "Decimal", "Date", "DateTime", "Time", "Quantity"})
INFOS = frozenset({"System.SimpleTypeInfo", "System.ClassInfo"})
_ABOVE = {
    "code": "string", "id": "string", "markdown": "string", "url": "uri", "canonical": "uri", "oid": "uri", "uuid": "uri",
    "positiveInt": "integer", "unsignedInt": "integer",
}  # fmt: skip
KIND = {
    "boolean": "Boolean", "integer": "Integer", "positiveInt": "Integer", "unsignedInt": "Integer", "decimal": "Decimal",
    "date": "Date", "dateTime": "DateTime", "instant": "DateTime", "time": "Time",
}  # fmt: skip
"""The System type a FHIR primitive becomes when its value is used; all others become a String."""


@cache
def ancestors(type_name: str) -> tuple[str, ...]:
    """The type and everything it is a kind of, nearest first."""
    if type_name in PRIMITIVES:
        above = _ABOVE.get(type_name, "Element")
        return (type_name, *ancestors(above))
    base = base_of(type_name) if is_type(type_name) else ""
    return (type_name, *ancestors(base)) if base else (type_name,)


@cache
def kind_of(type_name: str) -> str | None:
    """The System type whose operations this type takes part in; None for a structure."""
    if type_name.startswith("System."):
        return type_name[7:] if type_name not in INFOS else None
    if type_name in PRIMITIVES:
        return KIND.get(type_name, "String")
    return "Quantity" if "Quantity" in ancestors(type_name) else None


@cache
def members(type_name: str) -> Mapping[str, tuple[Element, ...]]:
    """A structure's children by their FHIRPath name; a choice (`value`) lists each type it may have."""
    if type_name in PRIMITIVES:
        type_name = "Element"
    if not is_type(type_name):
        return {}
    found: dict[str, tuple[Element, ...]] = {}
    for element in elements(type_name).values():
        name = element.choice or element.name
        found[name] = (*found.get(name, ()), element)
    return found


def matches(type_name: str, namespace: str, name: str, exactly: bool = False) -> bool:
    """Whether something of this type is what a type specifier names."""
    if type_name.startswith("System."):
        return namespace in ("", "System") and (type_name == f"System.{name}" or (name == "Any" and not exactly))
    if namespace not in ("", "FHIR"):
        return False
    if exactly and type_name in PRIMITIVES:
        return type_name == name
    return name in ancestors(type_name) or name == public_name(type_name)


def known(namespace: str, name: str) -> bool:
    """Whether a type specifier names a type there is."""
    if namespace == "System":
        return True
    fhir = name in PRIMITIVES or is_type(name) or name in _OTHER
    return fhir if namespace == "FHIR" else namespace == "" and (fhir or name in SYSTEM)


def must_be_known(namespace: str, name: str) -> None:
    """Refuse a type there is not."""
    if not known(namespace, name):
        raise ExecutionProblem("The expression names a type that neither FHIR R4 nor FHIRPath has")


_OTHER = frozenset({"SimpleQuantity", "MoneyQuantity", "Resource", "DomainResource", "Element", "BackboneElement"})


@cache
def public_name(type_name: str) -> str:
    """The name R4 gives the type; an element without a type of its own is a BackboneElement or an Element."""
    if type_name.startswith("System."):
        return type_name[7:]
    above = ancestors(type_name)
    return above[1] if len(above) > 1 and above[1] in ("BackboneElement", "Element") and is_part(type_name) else type_name


def is_part(type_name: str) -> bool:
    """Whether this is an element that only occurs inside one type, such as PatientContact."""
    return type_name not in PRIMITIVES and is_type(type_name) and "." in path_of(type_name)
