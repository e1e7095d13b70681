"""What an operation is: where it may be called, what it takes, what it gives, and who carries it out.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from osler.gateway.fhir.call import Answer, Call
from osler.platform.context import Context
from osler.platform.fhir.elements import PRIMITIVES

if TYPE_CHECKING:
    from osler.gateway.fhir.operations.arguments import Given

Level = Literal["system", "type", "instance", "version"]
"""`$meta`, `Patient/$meta`, `Patient/1/$meta`, `Patient/1/_history/2/$meta`."""
Run = Callable[[Context, Call, "Given"], Awaitable[Answer]]

LIST = 0
"""`Parameter.most`: as many as the caller likes."""
OF_EVERY_TYPE = ("Resource",)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input or output parameter, as an OperationDefinition describes it."""

    name: str
    type: str
    """A FHIR datatype; `Resource`, or a resource type, for a whole resource."""
    min: int = 0
    most: int = 1
    text: str = ""
    search: str = ""
    """`token` where a URL may hold a Coding or CodeableConcept as `system|code`."""
    parts: tuple[Parameter, ...] = ()

    @property
    def fits_in_a_url(self) -> bool:
        """Whether a GET can carry it."""
        return self.type in PRIMITIVES or bool(self.search)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `run` gets the call and the parameters already read and checked."""

    name: str
    definition: str
    """The canonical URL of its OperationDefinition; `{base}` stands for this server's own."""
    run: Run
    levels: frozenset[Level]
    types: tuple[str, ...] = OF_EVERY_TYPE
    affects_state: bool = False
    takes: tuple[Parameter, ...] = ()
    gives: tuple[Parameter, ...] = ()
    searches: str = ""
    """A resource type whose search parameters it takes as well."""
    media: frozenset[str] = field(default_factory=frozenset)
    """Bodies it reads besides FHIR ones."""
    title: str = ""

    def methods(self) -> tuple[str, ...]:
        """GET only for what changes nothing and can be said in a URL. https://hl7.org/fhir/R4/operations.html#executing"""
        by_url = not self.affects_state and all(parameter.fits_in_a_url for parameter in self.takes if parameter.min)
        return ("GET", "POST", "HEAD") if by_url else ("POST",)

    def serves(self, level: Level, kind: str | None) -> bool:
        """Whether it may be called here."""
        return level in self.levels and (kind is None or self.types == OF_EVERY_TYPE or kind in self.types)

    def parameter(self, name: str) -> Parameter | None:
        """The input parameter of this name."""
        return next((parameter for parameter in self.takes if parameter.name == name), None)


def outcome_bundle() -> tuple[Parameter, ...]:
    """The output of operations that answer with a searchset."""
    return (Parameter("return", "Bundle", 1, text="A Bundle of type searchset"),)


JSON = dict[str, Any]
