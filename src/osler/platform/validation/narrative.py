"""The XHTML of narratives: what it may hold, and where its links lead. https://hl7.org/fhir/R4/narrative.html"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from xml.parsers import expat

from osler.platform.validation.items import Item
from osler.platform.validation.report import Report

XHTML = "http://www.w3.org/1999/xhtml"
MOST_DEPTH = 200
_ELEMENTS = frozenset(
    [
        "p",
        "br",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "a",
        "span",
        "b",
        "em",
        "i",
        "strong",
        "small",
        "big",
        "tt",
        "dfn",
        "q",
        "var",
        "abbr",
        "acronym",
        "cite",
        "blockquote",
        "hr",
        "address",
        "bdo",
        "kbd",
        "sub",
        "sup",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "pre",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tr",
        "tfoot",
        "tbody",
        "th",
        "td",
        "code",
        "samp",
        "img",
        "map",
        "area",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "title",
        "style",
        "class",
        "id",
        "lang",
        "xml:lang",
        "dir",
        "accesskey",
        "tabindex",
        "span",
        "width",
        "align",
        "valign",
        "char",
        "charoff",
        "abbr",
        "axis",
        "headers",
        "scope",
        "rowspan",
        "colspan",
    ]
)
_OF_ELEMENT = frozenset(
    [
        "a.href",
        "a.name",
        "img.src",
        "img.border",
        "div.xmlns",
        "blockquote.cite",
        "q.cite",
        "a.charset",
        "a.type",
        "a.hreflang",
        "a.rel",
        "a.rev",
        "a.shape",
        "a.coords",
        "img.alt",
        "img.longdesc",
        "img.height",
        "img.width",
        "img.usemap",
        "img.ismap",
        "map.name",
        "area.shape",
        "area.coords",
        "area.href",
        "area.nohref",
        "area.alt",
        "table.summary",
        "table.width",
        "table.border",
        "table.frame",
        "table.rules",
        "table.cellspacing",
        "table.cellpadding",
        "pre.space",
        "td.nowrap",
    ]
)
_BLOCKS = frozenset({"div", "blockquote", "table", "ol", "ul", "p"})
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ACTIVE = frozenset({"javascript", "vbscript"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


class Broken(Exception):
    """The text is not XHTML."""


class Tag:
    """One element of the narrative."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Tag] = []
        self.text = False

    def within(self) -> Iterator[Tag]:
        """This and all under it."""
        yield self
        for child in self.children:
            yield from child.within()


def parse(text: str) -> Tag:
    """The outermost element. Entities of HTML are known, document types are refused."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    open_: list[Tag] = []
    top: list[Tag] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = Tag(name, attributes)
        (open_[-1].children if open_ else top).append(tag)
        open_.append(tag)
        if len(open_) > MOST_DEPTH:
            raise Broken("nested too deeply")

    def end(_: str) -> None:
        open_.pop()

    def words(data: str) -> None:
        if open_ and not data.isspace():
            open_[-1].text = True

    def doctype(*_: object) -> None:
        raise Broken("a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = words
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(_ENTITY.sub(_entity, text).encode(), True)
    except expat.ExpatError as error:
        raise Broken(expat.ErrorString(error.code)) from None
    return top[0]


def _entity(found: re.Match[str]) -> str:
    name = found.group(1)
    return found.group() if name in _OF_XML else html5.get(name + ";", found.group())


_ONLY = "Constraint failed: txt-1: The narrative SHALL contain only the basic html formatting elements and attributes"
_SOME = "Constraint failed: txt-2: The narrative SHALL have some non-whitespace content"


def check(item: Item, text: str, report: Report) -> None:
    """One `div`, with the two invariants of narratives."""
    try:
        top = parse(text)
    except Broken as broken:
        report.error("invalid", f"The XHTML cannot be read: {broken}", item)
        report.error("invariant", _ONLY, item)
        report.error("invariant", _SOME, item)
        return
    if any(not _allowed(tag) for child in top.children for tag in child.within()):
        report.error("invariant", _ONLY, item)
    if not any(tag.text or tag.name == "img" for tag in top.within()):
        report.error("invariant", _SOME, item)
    if top.attributes.get("xmlns") != XHTML:
        report.error("invalid", f"The namespace of the narrative must be {XHTML}", item)
    if top.name != "div":
        report.error("invalid", "The narrative must be a div", item)
    for child in top.children:
        _names(item, child, False, report)
    _links(item, top, "div", report)


def _known(tag: Tag, name: str) -> bool:
    return name.startswith("xmlns") or name in _ATTRIBUTES or f"{tag.name}.{name}" in _OF_ELEMENT


def _allowed(tag: Tag) -> bool:
    return tag.name in _ELEMENTS and all(_known(tag, name) or name == "xml:space" for name in tag.attributes)


def _names(item: Item, tag: Tag, in_paragraph: bool, report: Report) -> None:
    if tag.attributes.get("xmlns", XHTML) != XHTML:
        report.error("invalid", f"The namespace inside the narrative must be {XHTML}", item)
    if tag.name not in _ELEMENTS:
        report.error("invalid", f"The XHTML element {tag.name[:40]} is not allowed", item)
    for name in tag.attributes:
        if name == "xml:space":
            report.note("invalid", "The attribute xml:space has no meaning here", item)
        elif not _known(tag, name):
            report.error("invalid", f"The XHTML attribute {name[:40]} on {tag.name[:40]} is not allowed", item)
    if in_paragraph and tag.name in _BLOCKS:
        report.error("invalid", f"The XHTML element {tag.name} is not allowed inside a paragraph", item)
    for child in tag.children:
        _names(item, child, in_paragraph or tag.name == "p", report)


def _links(item: Item, tag: Tag, path: str, report: Report) -> None:
    """Links lead to something and run nothing."""
    if tag.name == "a" and (href := tag.attributes.get("href")) is not None:
        scheme = _SCHEME.match(href)
        if not href.strip():
            report.error("invalid", f"The link at {path} is empty", item)
        elif href.startswith("#") and href != "#":
            if not _leads(item, href[1:]):
                report.error("invalid", f"The link at {path} leads nowhere", item)
        elif scheme is not None and scheme.group(1).lower() in _ACTIVE:
            report.error("invalid", f"The link at {path} runs a program, which is not allowed", item)
        elif scheme is not None and scheme.group(1) in ("urn", "cid"):
            report.error("invalid", f"The link at {path} does not lead to anything that can be opened", item)
    if tag.name == "img" and (src := tag.attributes.get("src", "")).startswith("#") and not _leads(item, src[1:]):
        report.error("invalid", f"The image at {path} leads nowhere", item)
    for child in tag.children:
        _links(item, child, f"{path}/{child.name[:40]}", report)


def _leads(item: Item, fragment: str) -> bool:
    """Whether an id in the resource, in its narrative, or in the Bundle around is this."""
    step: Item | None = item.resource
    while step is not None:
        if _has(step, fragment):
            return True
        step = step.parent.resource if step.parent is not None else None
    return False


def _has(resource: Item, fragment: str) -> bool:
    for each in resource.within():
        if each.type == "xhtml":
            try:
                tags = parse(each.text or "").within()
            except Broken:
                continue
            if any(fragment in (t.attributes.get("id"), t.attributes.get("name") if t.name == "a" else None) for t in tags):
                return True
        elif each.said("id") == fragment:
            return True
    return False
