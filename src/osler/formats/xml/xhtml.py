"""A narrative between the two forms: a string in JSON, an element in XML. https://hl7.org/fhir/R4/narrative.html"""

from __future__ import annotations

import re
from html.entities import html5
from xml.parsers import expat

from osler.formats.xml.shapes import XHTML

_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_START = re.compile(r"\s*<div(?=[\s/>])")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CDATA_OR_COMMENT = re.compile(r"<!--|<!\[CDATA\[")


class _NotXhtml(Exception):
    pass


def attribute(text: str) -> str:
    """The text as an XML attribute's value; line breaks survive as character references."""
    if not text.isprintable():
        text = _NOT_XML.sub("\ufffd", text)
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    if not text.isprintable():
        text = text.replace("\n", "&#xA;").replace("\r", "&#xD;").replace("\t", "&#x9;")
    return text


def content(text: str) -> str:
    """The text as an element's character data."""
    text = _NOT_XML.sub("\ufffd", text) if not text.isprintable() else text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def element(div: str) -> str:
    """The narrative's string as an XML element.

    XHTML is passed on as it is, letter by letter. HTML's named characters, which XML does not know, become the characters
    themselves. What is no XHTML at all (it cannot be written here, but it may come from elsewhere) is shown as text, not as markup.
    """
    if "&" in div and not _CDATA_OR_COMMENT.search(div):
        div = _NAMED.sub(_character, div)
    if well_formed(div):
        return div
    spaced = _START.sub(f'<div xmlns="{XHTML}"', div, count=1)
    if spaced != div and well_formed(spaced):
        return spaced
    return f'<div xmlns="{XHTML}"><pre>{content(div)}</pre></div>'


def well_formed(div: str) -> bool:
    """Whether this is one XHTML div and nothing else: no document type, no entities, no element of another namespace."""
    parser = expat.ParserCreate("utf-8", " ")
    root = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal root
        namespace, _, local = name.rpartition(" ")
        if namespace != XHTML or (root and local != "div"):
            raise _NotXhtml
        root = False

    def refuse(*_: object) -> None:
        raise _NotXhtml

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(div.encode(), True)
    except (expat.ExpatError, _NotXhtml, UnicodeEncodeError):
        return False
    return True


def _character(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _XML_OWN else content(html5.get(f"{name};", match[0]))
