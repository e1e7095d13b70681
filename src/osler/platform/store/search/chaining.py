"""Reads the names of chained parameters: `subject:Patient.name`, `general-practitioner.name`, `_has:Observation:patient:code`.

https://hl7.org/fhir/R4/search.html#chaining, #has
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from osler.platform.errors import Issue, Malformed, Unsupported
from osler.platform.fhir import TYPE_CODE, SearchParameter
from osler.platform.store.search import values
from osler.platform.store.search.chains import Chain, Has, breadth
from osler.platform.store.search.query import Condition
from osler.platform.store.search.values import unknown

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Reading

DEEPEST = 5
"""Steps of one chain."""
MOST_ENDS = 40
"""Ways that a chain without named types may branch into."""
HAS = "_has"


def is_chained(name: str) -> bool:
    """Whether a parameter's name leads to other records."""
    return name.partition(":")[0] == HAS or "." in name


class TooWide(Unsupported):
    """A chain that branches into more conditions than one search may have; no branch of it is left out instead."""


def chained(name: str, text: str, reading: Reading) -> Condition:
    """A condition on the records at the other end. Raises `Unsupported` or `Malformed`, naming the whole parameter."""
    if reading.depth:
        return _followed(name, text, reading)
    try:
        return _followed(name, text, replace(reading, chain={}))
    except (Unsupported, Malformed) as refusal:
        message = f"In {name}: {refusal.message}"
        raise type(refusal)(message, [Issue(refusal.issues[0].code, message, f"http.{name}")]) from refusal


def _followed(name: str, text: str, reading: Reading) -> Condition:
    if reading.depth >= DEEPEST:
        message = f"The search parameter {name} goes on beyond {DEEPEST} references"
        raise Unsupported(message, [Issue("too-costly", message)])
    if name.partition(":")[0] == HAS:
        return _has(name, text, reading)
    step, _, rest = name.partition(".")
    code, _, named = step.partition(":")
    parameter = _reference(code, name, reading.type, reading)
    if named and named not in parameter.targets:
        raise unknown(name, reading.type, f"cannot lead to {named if named in TYPE_CODE else 'what it names'}")
    ends: list[tuple[str, Condition]] = []
    refusals: list[Unsupported | Malformed] = []
    for kind in (named,) if named else parameter.targets:
        found = _end(kind, rest, text, reading)
        if isinstance(found, Unsupported | Malformed):
            refusals.append(found)
        else:
            ends.append((kind, found))
    if not ends:
        # A value that cannot be read says more than a type that lacks the parameter.
        raise next((refusal for refusal in refusals if isinstance(refusal, Malformed)), refusals[0])
    wide = sum(breadth(condition) for _, condition in ends)
    if wide > MOST_ENDS:
        message = f"{name} of {reading.type} may lead to more than {MOST_ENDS} types: name one, as in {code}:{ends[0][0]}.{rest}"
        raise TooWide(message, [Issue("too-costly", message)])
    return Chain(parameter, tuple(ends), wide)


def _end(kind: str, rest: str, text: str, reading: Reading) -> Condition | Unsupported | Malformed:
    """The condition on one type, or why there is none; looked for once, however many ways lead there."""
    key = (kind, rest, reading.depth)
    found = reading.chain.get(key)
    if found is None:
        try:
            found = reading.understand(rest, text, replace(reading, type=kind, depth=reading.depth + 1))
        except TooWide:
            raise
        except (Unsupported, Malformed) as refusal:
            found = refusal
        reading.chain[key] = found
    return found


def _has(name: str, text: str, reading: Reading) -> Condition:
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise values.bad(name, "must be _has:Type:reference:parameter")
    _, kind, code, rest = parts
    if kind not in TYPE_CODE:
        raise unknown(name, reading.type, "names no type of resource")
    parameter = _reference(code, name, kind, reading)
    if reading.type not in parameter.targets:
        raise unknown(name, reading.type, f"cannot hold: {kind}.{code} does not point at {reading.type}")
    return Has(kind, parameter, reading.understand(rest, text, replace(reading, type=kind, depth=reading.depth + 1)))


def _reference(code: str, name: str, kind: str, reading: Reading) -> SearchParameter:
    parameter = reading.parameters_of(kind).get(code)
    if parameter is None or not parameter.searchable:
        raise unknown(name, kind)
    if parameter.kind != "reference":
        raise unknown(name, kind, f"cannot be followed: {code} is no reference")
    return parameter
