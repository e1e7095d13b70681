"""From a file's bytes to Bundles that can be carried out: single resources, NDJSON, and every kind of Bundle.

Whatever a file does not name by id gets an id made from the file's content and the place in it, and is written only where there is
nothing yet. So the same file loaded again, or the file in hand when the process was killed, makes nothing twice.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from osler.cli.importing.sources import Source
from osler.platform.errors import Malformed

LINES = 250
"""Resources in one transaction, where the file leaves the choice to us."""
LARGEST = 1 << 30
BLOCK = 1 << 20
Json = dict[str, Any]


class Head(msgspec.Struct):
    """What must be known of a resource before it is read."""

    resourceType: str  # noqa: N815 - FHIR's spelling
    id: str | None = None


NOTHING = msgspec.Raw(b"")


class BundleEntry(msgspec.Struct):
    """One entry, its parts still text."""

    fullUrl: str | None = None  # noqa: N815 - FHIR's spelling
    resource: msgspec.Raw = NOTHING
    request: Json | None = None


class AnyBundle(msgspec.Struct):
    """A Bundle, its resources still text."""

    type: str = ""
    entry: list[BundleEntry] = []


_head = msgspec.json.Decoder(Head)
_bundle = msgspec.json.Decoder(AnyBundle)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(slots=True)
class Chunk:
    """One Bundle to carry out, and where its entries come from."""

    kind: str
    """`transaction` or `batch`."""
    entries: list[Json] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """Line or entry of the file, for each entry."""
    ours: bool = False
    """We made this transaction of loose resources: when it is refused, its entries are tried one by one."""
    mark: str | None = None
    """`Type/id` of the entry that is there when, and only when, this transaction has been carried out before."""

    def body(self, kind: str | None = None) -> bytes:
        """The Bundle as JSON."""
        return msgspec.json.encode({"resourceType": "Bundle", "type": kind or self.kind, "entry": self.entries})


def opened(path: Path) -> io.BufferedIOBase:
    """The file, unpacked on the way."""
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    return bz2.open(path, "rb") if path.suffix == ".bz2" else path.open("rb")


def fingerprint(path: Path) -> str:
    """SHA-256 of the file as it lies there."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def chunks(source: Source, sha256: str) -> Iterator[Chunk | tuple[int, str]]:
    """The file as Bundles in order; in place of a line that cannot be read, its number and what is wrong. Raises `Malformed`."""
    if source.lines:
        yield from _of_lines(source.path, sha256)
        return
    with opened(source.path) as file:
        body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise Malformed("larger than 1 GiB unpacked; split it or use NDJSON")
    yield from _of_document(body, sha256, 0)


def _of_document(body: bytes, sha256: str, place: int) -> Iterator[Chunk]:
    head = _read_head(body)
    if head.resourceType != "Bundle":
        chunk = Chunk("transaction", ours=True)
        _add(chunk, head, msgspec.Raw(body), sha256, place)
        yield chunk
        return
    try:
        bundle = _bundle.decode(body)
    except msgspec.DecodeError as error:
        raise Malformed(f"not a Bundle: {error}") from None
    if bundle.type in ("transaction", "batch"):
        yield _as_written(bundle, sha256)
    else:
        yield from _of_loose_entries(bundle, sha256)


def _read_head(body: bytes) -> Head:
    try:
        return _head.decode(body)
    except msgspec.ValidationError:
        raise Malformed("not a FHIR resource: it has no resourceType") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"not JSON: {error}") from None


def _of_lines(path: Path, sha256: str) -> Iterator[Chunk | tuple[int, str]]:
    chunk, names = Chunk("transaction", ours=True), set[str]()
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            text = line.strip()
            if not text:
                continue
            try:
                head = _read_head(text)
                if head.resourceType == "Bundle":
                    yield from _of_document(text, f"{sha256}/{number}", number)
                    continue
            except Malformed as error:
                yield number, str(error)
                continue
            name = f"{head.resourceType}/{head.id}"
            if len(chunk.entries) >= LINES or (head.id and name in names):
                yield chunk
                chunk, names = Chunk("transaction", ours=True), set[str]()
            names.add(name)
            _add(chunk, head, msgspec.Raw(text), sha256, number)
    if chunk.entries:
        yield chunk


def _of_loose_entries(bundle: AnyBundle, sha256: str) -> Iterator[Chunk]:
    """collection, searchset, document, history …: the resources are the matter; who points to a fullUrl must stay with it."""
    linked = any(entry.fullUrl and entry.fullUrl.startswith("urn:") for entry in bundle.entry)
    chunk, names = Chunk("transaction", ours=not linked), set[str]()
    for place, entry in enumerate(bundle.entry):
        if entry.resource == NOTHING:
            continue
        head = _read_head(bytes(entry.resource))
        if head.resourceType == "OperationOutcome":
            continue
        name = f"{head.resourceType}/{head.id}"
        if not linked and (len(chunk.entries) >= LINES or (head.id and name in names)):
            yield chunk
            chunk, names = Chunk("transaction", ours=True), set[str]()
        names.add(name)
        _add(chunk, head, entry.resource, sha256, place, entry.fullUrl)
    if chunk.entries:
        yield chunk


def _add(chunk: Chunk, head: Head, resource: msgspec.Raw, sha256: str, place: int, full_url: str | None = None) -> None:
    request: Json = {"method": "PUT"}
    if head.id is None:
        made = _made_id(sha256, place)
        resource = _with_id(resource, made)
        request |= {"url": f"{head.resourceType}/{made}", "ifNoneMatch": "*"}
        chunk.mark = chunk.mark or f"{head.resourceType}/{made}"
    else:
        request["url"] = f"{head.resourceType}/{head.id}"
    entry: Json = {"fullUrl": full_url} if full_url else {}
    chunk.entries.append(entry | {"resource": resource, "request": request})
    chunk.places.append(place)


def _as_written(bundle: AnyBundle, sha256: str) -> Chunk:
    """A transaction or batch as its author meant it, its unconditional creates made repeatable."""
    chunk = Chunk(bundle.type)
    for place, entry in enumerate(bundle.entry):
        request, resource = entry.request, entry.resource
        plain_create = request is not None and request.get("method") == "POST" and "ifNoneExist" not in request
        if request and plain_create and resource != NOTHING and (chunk.kind == "batch" or chunk.mark is None):
            made = _made_id(sha256, place)
            resource = _with_id(resource, made)
            name = f"{str(request.get('url', '')).strip('/')}/{made}"
            request = {"method": "PUT", "url": name, "ifNoneMatch": "*"}
            chunk.mark = name
        parts: Json = {"fullUrl": entry.fullUrl, "resource": resource, "request": request}
        chunk.entries.append({key: part for key, part in parts.items() if part is not None and part != NOTHING})
        chunk.places.append(place)
    if chunk.kind == "batch":
        chunk.mark = None
    return chunk


def _made_id(sha256: str, place: int) -> str:
    return hashlib.blake2b(f"{sha256}/{place}".encode(), digest_size=16).hexdigest()


def _with_id(resource: msgspec.Raw, id_: str) -> msgspec.Raw:
    """The resource under this id; no other byte of any value changes."""
    members = _members.decode(bytes(resource))
    first = {"resourceType": members.pop("resourceType", msgspec.Raw(b'""')), "id": msgspec.Raw(b'"%s"' % id_.encode())}
    members.pop("id", None)
    return msgspec.Raw(msgspec.json.encode(first | members))
