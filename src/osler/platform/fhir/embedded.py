"""Resources that stand inside others: contained, the entries of a Bundle, the values of Parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from osler.platform.fhir.generated.resources import Bundle, Parameters, ParametersParameter

HOLDERS = frozenset({"Bundle", "Parameters"})
MOST_NESTED = 8
"""A Bundle in Parameters in a Bundle … ends here: nobody sends that in good faith."""


@dataclass(slots=True)
class Embedded:
    """A resource still held as text: by which struct, and where seen from the resource that is being read."""

    holder: Any
    text: msgspec.Raw
    at: tuple[str | int, ...]

    @property
    def path(self) -> str:
        """Its FHIRPath from that resource: `.entry[3].resource`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.at)

    def put(self, value: Any) -> None:
        """Set this in the place of the text."""
        name = self.at[-1]
        if isinstance(name, int):
            self.holder.contained[name] = value
        else:
            setattr(self.holder, name, value)


def embedded(resource: Any) -> Iterator[Embedded]:
    """Each resource still held as text, in the order of the struct."""
    if isinstance(resource, Bundle):
        for index, entry in enumerate(resource.entry or ()):
            yield from _one(entry, entry.resource, ("entry", index, "resource"))
            if entry.response is not None:
                yield from _one(entry.response, entry.response.outcome, ("entry", index, "response", "outcome"))
    elif isinstance(resource, Parameters):
        for index, parameter in enumerate(resource.parameter or ()):
            yield from _parameter(parameter, ("parameter", index))
    else:
        for index, text in enumerate(resource.contained or ()):
            yield Embedded(resource, text, ("contained", index))


def _one(holder: Any, text: Any, at: tuple[str | int, ...]) -> Iterator[Embedded]:
    if text is not None:
        yield Embedded(holder, text, at)


def _parameter(parameter: ParametersParameter, at: tuple[str | int, ...]) -> Iterator[Embedded]:
    yield from _one(parameter, parameter.resource, (*at, "resource"))
    for index, part in enumerate(parameter.part or ()):
        yield from _parameter(part, (*at, "part", index))
