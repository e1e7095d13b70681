"""The body of a request as JSON, whatever form it came in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from osler.formats.xml import places, to_json
from osler.gateway.fhir.media import XML_TYPES
from osler.platform.errors import Invalid, Malformed
from osler.platform.web import OFF_LOOP


@dataclass(frozen=True, slots=True)
class Incoming:
    """A body as JSON, and the XML it came from."""

    media: str
    body: bytes
    xml: bytes | None = None

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Whatever is refused in this block names the line of the text the caller sent, not of our JSON."""
        try:
            yield
        except (Malformed, Invalid) as refused:
            if self.xml is not None:
                known = places(self.xml)
                lines = {issue.expression: known.get(issue.expression or "", (None, None)) for issue in refused.issues}
                refused.issues = [
                    replace(issue, line=lines[issue.expression][0], column=lines[issue.expression][1]) for issue in refused.issues
                ]
            raise


async def incoming(body: bytes, media: str) -> Incoming:
    """Read a body of this media type. Raises `Malformed` for XML that is no FHIR; large texts are read beside the event loop."""
    if media not in XML_TYPES or not body:
        return Incoming(media, body)
    read = await asyncio.to_thread(to_json, body) if len(body) > OFF_LOOP else to_json(body)
    return Incoming("application/fhir+json", read, body)
