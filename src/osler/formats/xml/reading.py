"""XML to JSON, in one pass over the text: each resource becomes JSON when its end tag is reached.

No document type is read, so there are no entities, no external files and nothing that grows; depth and the number of problems
told are limited. What is wrong with the form is told here, with element path and line; what is wrong with a value goes into the JSON
as it was sent, for the same reading that judges JSON to refuse it. https://hl7.org/fhir/R4/xml.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import msgspec

from osler.formats.xml import xhtml
from osler.formats.xml.shapes import FHIR, XHTML, Child, Shape, of_primitives, shape
from osler.platform.errors import Issue, Malformed, TooLarge
from osler.platform.fhir import TYPE_CODE
from osler.platform.fhir.limits import MOST_DEPTH, MOST_ENTRIES, MOST_ISSUES

LONGEST_PATH = 500
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance schemaLocation"
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_encoder = msgspec.json.Encoder()

Place = tuple[int, int]
"""Line and column, both counted from one."""


@dataclass(slots=True)
class Reading:
    """What an XML text says: its JSON, unless it is no XML at all, every problem of its form, and where each element stands."""

    body: bytes | None
    issues: list[Issue] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)


def to_json(text: bytes) -> bytes:
    """A resource's XML as JSON. Raises `Malformed` with the path and the line of every problem of its form."""
    reader = _Reader(text)
    reader.run()
    if reader.issues or reader.made is None:
        if reader.issues and reader.issues[-1].code == "too-long":
            raise TooLarge("The XML is over a limit", reader.issues)
        raise Malformed("The XML is not a FHIR R4 resource", reader.issues)
    return reader.made


def read(text: bytes) -> Reading:
    """The same for a validator: reads on after a problem for as long as the text is XML."""
    reader = _Reader(text, places={})
    reader.run()
    return Reading(reader.made, reader.issues, reader.places or {})


def places(text: bytes) -> dict[str, Place]:
    """Element path -> line and column, for problems that are found once the text is JSON."""
    return read(text).places


class _Enough(Exception):
    pass


class _Frame:
    """An element whose end tag has not come yet."""

    __slots__ = ("child", "children", "counts", "index", "last", "name", "owner", "shape", "value", "values")

    def __init__(self, name: str, child: Child | None, kind: Shape | None, owner: _Frame | None) -> None:
        self.name = name
        self.child = child
        self.shape = kind
        self.children = kind.children if kind is not None else {}
        self.owner = owner
        self.values: dict[str, Any] = {}
        self.value: str | None = None
        self.last = -1
        self.counts: dict[str, int] = {}
        self.index = 0


class _Reader:
    """The handlers of one parse; the stack is the chain of owners."""

    def __init__(self, text: bytes, places: dict[str, Place] | None = None) -> None:
        self.text = text.removeprefix(b"\xef\xbb\xbf")
        self.issues: list[Issue] = []
        self.places = places
        self.made: bytes | None = None
        self.top: _Frame | None = None
        self.depth = 0
        self.skipping = 0
        """Depth inside an element we do not know: nothing below it is looked at."""
        self.narrative: _Narrative | None = None
        self.entries = 0
        parser = self.parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.XmlDeclHandler = self.declared
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters

    def run(self) -> None:
        """Read the text."""
        try:
            if self.text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in self.text[:4]:
                self.refuse("The text must be UTF-8")
            self.parser.Parse(self.text, True)
        except expat.ExpatError as error:
            message = f"The text is not well-formed XML: {expat.errors.messages.get(error.code, 'broken')}"
            self.issues.append(Issue("structure", message, self.path() or None, "fatal", error.lineno, error.offset + 1))
            self.made = None
        except _Enough:
            self.made = None
        # The parser and its handlers refer to each other: without this the whole text stays until the collector comes by.
        del self.parser

    # What is told

    def path(self, last: str = "") -> str:
        """The path of the element being read."""
        parts = [last] if last else []
        frame = self.top
        while frame is not None:
            child = frame.child
            if child is not None:
                parts.append(f"{child.label}[{frame.index}]" if child.many else child.label)
            elif frame.owner is None:
                parts.append(frame.name)
            frame = frame.owner
        return ".".join(reversed(parts))

    def tell(self, message: str, last: str = "", severity: str = "error", code: str = "structure") -> None:
        """Note a problem of the element being read."""
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        self.issues.append(Issue(code, message, self.path(last)[:LONGEST_PATH] or None, severity, line, column))  # type: ignore[arg-type]
        if severity == "fatal" or len(self.issues) >= MOST_ISSUES:
            raise _Enough

    def refuse(self, message: str, code: str = "structure") -> None:
        """Note a problem after which nothing more is read."""
        self.tell(message, severity="fatal", code=code)

    # The parser's events

    def declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii", "ascii"):
            self.refuse("The text must be UTF-8")

    def doctype(self, *_: Any) -> None:
        self.refuse("A document type declaration may not be given")

    def start(self, tag: str, attributes: list[str]) -> None:
        """A start tag."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            self.refuse(f"The XML is nested more than {MOST_DEPTH} levels deep")
        if self.skipping:
            self.skipping += 1
            return
        if self.narrative is not None:
            self.narrative.start(self, tag, attributes)
            return
        namespace, _, name = tag.rpartition(" ")
        frame = self.top
        if namespace != FHIR and not (namespace == XHTML and name == "div"):
            self.tell(f"Elements must be in the namespace {FHIR}", name[:64])
            if frame is not None:
                self.skipping = 1
                return
        if frame is None:
            self.open_resource(name, attributes, None)
        elif frame.child is not None and frame.child.form == "resource":
            self.open_resource(name, attributes, frame)
        else:
            self.open_element(frame, name, namespace, attributes)

    def end(self, tag: str) -> None:
        """An end tag."""
        self.depth -= 1
        if self.skipping:
            self.skipping -= 1
        elif (self.narrative is None or self.narrative.ended(self, tag)) and self.top is not None:
            frame = self.top
            self.close(frame)
            self.top = frame.owner

    def characters(self, text: str) -> None:
        """Text between tags."""
        if self.narrative is not None:
            self.narrative.text(text)
        elif not self.skipping and not text.isspace():
            self.tell("Text may not stand here; values are in the attribute 'value'")

    # Elements

    def open_resource(self, name: str, attributes: list[str], holder: _Frame | None) -> None:
        if name not in TYPE_CODE:
            self.tell("The element must be named for a FHIR R4 resource type", name[:64] if holder is None else "")
            if holder is None:
                raise _Enough
            self.skipping = 1
            return
        if holder is not None and holder.values:
            self.tell("Only one resource may stand here")
            self.skipping = 1
            return
        self.top = _Frame(name, None, shape(name), holder)
        self.top.values["resourceType"] = name
        for at in range(0, len(attributes), 2):
            if not (attributes[at] == _SCHEMA and holder is None):
                self.tell("Unknown attribute", f"@{_local(attributes[at])}")
        if self.places is not None:
            self.place()

    def open_element(self, owner: _Frame, name: str, namespace: str, attributes: list[str]) -> None:
        child = owner.children.get(name)
        if child is None or (namespace == XHTML) != (child.form == "xhtml"):
            message = (
                "Unknown element" if child is None else f"The element must be in the namespace {XHTML if child.form == 'xhtml' else FHIR}"
            )
            self.tell(message, name[:64])
            self.skipping = 1
            return
        count = owner.counts.get(name, 0)
        owner.counts[name] = count + 1
        if count and not child.many:
            self.tell("The element may not repeat", child.label)
            self.skipping = 1
            return
        form = child.form
        kind = None if form in ("resource", "xhtml") else shape(child.type) if form == "complex" else of_primitives()
        frame = self.top = _Frame(name, child, kind, owner)
        frame.index = count
        if child.order < owner.last:
            self.tell("The element is out of its order")
        else:
            owner.last = child.order
        if self.places is not None:
            self.place()
        if form == "xhtml":
            self.narrative = _Narrative(self, attributes)
        elif attributes:
            self.attributes(frame, attributes)
        if name == "entry" and owner.name == "Bundle":
            self.entries += 1
            if self.entries > MOST_ENTRIES:
                self.refuse(f"A Bundle may have at most {MOST_ENTRIES} entries", "too-long")

    def attributes(self, frame: _Frame, attributes: list[str]) -> None:
        for at in range(0, len(attributes), 2):
            name, value = attributes[at], attributes[at + 1]
            if name == "value" and frame.child is not None and frame.child.form not in ("complex", "resource"):
                frame.value = value
            elif frame.shape is not None and name in frame.shape.attributes:
                frame.values[name] = value
            else:
                self.tell("Unknown attribute", f"@{_local(name)}")

    def close(self, frame: _Frame) -> None:
        """Hand a finished element to the one that holds it."""
        child, owner = frame.child, frame.owner
        if child is None:
            self.close_resource(frame)
            return
        assert owner is not None
        form = child.form
        if form == "resource":
            if "resource" not in frame.values:
                self.tell("A resource is expected here")
                return
            _put(owner, child, frame.values["resource"])
        elif form == "xhtml":
            _put(owner, child, frame.value)
        elif form == "complex":
            if not frame.values:
                self.tell("An element may not be empty")
            _put(owner, child, frame.values)
        else:
            if frame.value is None and not frame.values:
                self.tell("An element must have a value, an id or an extension")
                return
            _put_primitive(owner, child, None if frame.value is None else _value(form, frame.value), frame.values)

    def close_resource(self, frame: _Frame) -> None:
        if len(frame.values) == 1 and frame.owner is not None:
            self.tell("A resource may not be empty")
        made = _encoder.encode(frame.values)
        if frame.owner is None:
            self.made = made
        else:
            frame.owner.values["resource"] = msgspec.Raw(made)

    def place(self) -> None:
        assert self.places is not None
        self.places.setdefault(self.path(), (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1))


class _Narrative:
    """The div being read: its own text where that stands for itself, else the same markup written anew."""

    def __init__(self, reader: _Reader, attributes: list[str]) -> None:
        self.depth = 1
        self.parts: list[str] = [f'<div xmlns="{XHTML}"{_markup(attributes)}>']
        self.begin = reader.parser.CurrentByteIndex
        self.fresh = True
        """Nothing came since the last start tag."""

    def start(self, reader: _Reader, tag: str, attributes: list[str]) -> None:
        """An element inside."""
        self.depth += 1
        namespace, _, name = tag.rpartition(" ")
        if namespace != XHTML:
            reader.tell("Only XHTML may stand in a narrative", name[:64])
        self.parts.append(f"<{name}{_markup(attributes)}>")
        self.fresh = True

    def text(self, text: str) -> None:
        """Text inside."""
        self.parts.append(xhtml.content(text))
        self.fresh = False

    def ended(self, reader: _Reader, tag: str) -> bool:
        """An end tag; true for the div's own."""
        self.depth -= 1
        at = reader.parser.CurrentByteIndex
        tagged = not (self.fresh and reader.text[at - 2 : at] == b"/>")
        self.fresh = False
        if self.depth:
            if tagged:
                self.parts.append(f"</{tag.rpartition(' ')[2]}>")
            else:
                self.parts[-1] = self.parts[-1][:-1] + "/>"
            return False
        frame = reader.top
        assert frame is not None
        whole = reader.text[self.begin : reader.text.find(b">", at) + 1].decode() if tagged else ""
        frame.value = whole if xhtml.well_formed(whole) else "".join([*self.parts, "</div>"])
        reader.narrative = None
        return True


def _put(owner: _Frame, child: Child, value: Any) -> None:
    if child.many:
        owner.values.setdefault(child.name, []).append(value)
    else:
        owner.values[child.name] = value


def _put_primitive(owner: _Frame, child: Child, value: Any, extra: dict[str, Any]) -> None:
    """The value under its name, its id and extensions under `_name`; in a list both keep their places."""
    name, beside = child.name, f"_{child.name}"
    values = owner.values
    if not child.many:
        if value is not None:
            values[name] = value
        if extra:
            values[beside] = extra
        return
    index = owner.counts[name] - 1
    if value is not None or name in values:
        given = values.setdefault(name, [])
        given.extend([None] * (index - len(given)))
        given.append(value)
    if extra or beside in values:
        given = values.setdefault(beside, [])
        given.extend([None] * (index - len(given)))
        given.append(extra or None)


def _value(form: str, text: str) -> Any:
    """The attribute's text as JSON has it; what is no such value stays text."""
    if form == "string":
        return text
    if form == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if (_INTEGER if form == "integer" else _DECIMAL).match(text):
        return msgspec.Raw(text.removeprefix("+").encode())
    return text


def _markup(attributes: list[str]) -> str:
    """The attributes of an XHTML element."""
    pairs = zip(attributes[::2], attributes[1::2], strict=True)
    return "".join(f' {_prefixed(name)}="{xhtml.attribute(value)}"' for name, value in pairs)


def _prefixed(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"xml:{local}" if namespace == "http://www.w3.org/XML/1998/namespace" else local


def _local(name: str) -> str:
    return name.rpartition(" ")[2][:64]
