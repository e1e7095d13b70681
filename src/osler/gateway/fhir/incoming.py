"""The body of a request as JSON, whatever form it came in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from osler.formats.xml import Place, Reading, places, read, to_json
from osler.gateway.fhir.call import at_lines
from osler.gateway.fhir.media import XML_TYPES
from osler.platform.errors import Invalid, Issue, Malformed
from osler.platform.web import OFF_LOOP


@dataclass(frozen=True, slots=True)
class Incoming:
    """A body as JSON, and the XML it came from."""

    media: str
    body: bytes
    xml: bytes | None = None
    faults: tuple[Issue, ...] = ()
    """What is wrong with the form of an XML text that was read all the same."""
    lines: dict[str, Place] | None = None
    """Where the elements of that text stand."""

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Whatever is refused in this block names the line of the text the caller sent, not of our JSON."""
        try:
            yield
        except (Malformed, Invalid) as refused:
            if self.xml is not None:
                refused.issues = at_lines(refused.issues, places(self.xml))
            raise


async def incoming(body: bytes, media: str, to_validate: bool = False) -> Incoming:
    """Read a body of this media type. Raises `Malformed` for XML that is no FHIR; large texts are read beside the event loop.

    What is sent `to_validate` is read in spite of its faults, as long as it is XML: they are part of what the validation tells.
    """
    if media not in XML_TYPES or not body:
        return Incoming(media, body)
    if not to_validate:
        made = await asyncio.to_thread(to_json, body) if len(body) > OFF_LOOP else to_json(body)
        return Incoming("application/fhir+json", made, body)
    found: Reading = await asyncio.to_thread(read, body) if len(body) > OFF_LOOP else read(body)
    if found.body is None:
        raise Malformed("The XML is not a FHIR R4 resource", found.issues)
    return Incoming("application/fhir+json", found.body, None, tuple(found.issues), found.places)
