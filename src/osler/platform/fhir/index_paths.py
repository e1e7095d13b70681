"""Search expressions as paths through the structs: unions, choices and casts are worked out once, when a type is first indexed.

The expressions of R4's search parameters use a small part of FHIRPath (https://hl7.org/fhir/R4/searchparameter-registry.html):
members, `|`, `as`, `ofType`, `[n]`, `where(member='text')`, `where(resolve() is Type)`, `exists() and … != false`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from keyword import iskeyword
from typing import Literal

from osler.platform.fhir.elements import elements

PRESENT, ABSENT = "present", "absent"
"""Datatypes of `X.exists() and X != false`: the token true where X has a value that is no boolean, false where X has none."""

_CAST = re.compile(r"\((\S+) as (\w+)\)")
_PRESENT = re.compile(r"(\w+)\.(\w+)\.exists\(\) and \1\.\2 != false")
_PART = re.compile(
    r"(?P<cast>as|ofType)\((?P<type>\w+)\)|where\(resolve\(\) is (?P<target>\w+)\)"
    r"|where\((?P<member>\w+)='(?P<text>[^']*)'\)|(?P<name>\w+)(?:\[(?P<index>\d+)\])?"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a member (`many`: each of a list, `index`: one of it), or a condition on where we stand.

    `absent` holds where none of the members in `name` has a value.
    """

    kind: Literal["member", "equals", "target", "absent"]
    name: str
    text: str = ""
    many: bool = False
    index: int = -1


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the resource to a value of one datatype."""

    steps: tuple[Step, ...]
    datatype: str

    @property
    def members(self) -> tuple[str, ...]:
        """The members passed, whatever the conditions."""
        return tuple(step.name for step in self.steps if step.kind == "member")


@cache
def paths(type_name: str, expression: str) -> tuple[Path, ...]:
    """Every concrete path of an expression. ValueError when it holds something this page does not list."""
    found: list[Path] = []
    for branch in expression.split(" | ") if expression else ():
        if present := _PRESENT.fullmatch(branch):
            found += _present(present[1], present[2])
        else:
            found += _walk(type_name, branch)
    return tuple(dict.fromkeys(found))


def member_paths(type_name: str, names: str) -> tuple[Path, ...]:
    """The paths of plain members: `effective issued`."""
    return paths(type_name, " | ".join(f"{type_name}.{name}" for name in names.split()))


def attribute(name: str) -> str:
    """The struct's attribute for a member: `class` is a word of Python's."""
    return f"{name}_" if iskeyword(name) else name


def _walk(type_name: str, branch: str) -> list[Path]:
    here = [Path((), type_name)]
    for part in _split(_CAST.sub(r"\1.as(\2)", branch))[1:]:
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{branch}: {part}")
        here = [path for start in here for path in _forward(start, match)]
    return here


def _forward(start: Path, match: re.Match[str]) -> list[Path]:
    if match["cast"]:
        return [start] if start.datatype == match["type"] else []
    if match["target"]:
        return [Path((*start.steps, Step("target", match["target"])), start.datatype)]
    if match["member"]:
        return [Path((*start.steps, Step("equals", attribute(match["member"]), match["text"])), start.datatype)]
    name, index = match["name"], int(match["index"] or -1)
    members = elements(start.datatype)
    chosen = [members[name]] if name in members else [element for element in members.values() if element.choice == name]
    return [
        Path((*start.steps, Step("member", attribute(element.name), many=element.many and index < 0, index=index)), element.type)
        for element in chosen
    ]


def _present(type_name: str, choice: str) -> list[Path]:
    named = [element for element in elements(type_name).values() if element.choice == choice]
    found = [Path((Step("member", element.name),), "boolean" if element.type == "boolean" else PRESENT) for element in named]
    return [*found, Path((Step("absent", " ".join(element.name for element in named)),), ABSENT)]


def _split(branch: str) -> list[str]:
    """Parts between dots, but not the dots inside brackets or quotes."""
    return re.findall(r"(?:[^.()]|\((?:[^()]|\([^()]*\))*\))+", branch)
