"""What may stand in a narrative: XHTML without anything that acts or loads. https://hl7.org/fhir/R4/narrative.html#xhtml"""

from __future__ import annotations

import re
from html.entities import html5
from xml.parsers import expat

_ELEMENTS = frozenset({
    "a", "abbr", "acronym", "address", "area", "b", "bdo", "big", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd",
    "li", "map", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "strike", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul", "var",
})  # fmt: skip
_EVERYWHERE = frozenset({
    "title", "style", "class", "id", "lang", "xml:lang", "dir", "accesskey", "tabindex", "align", "valign", "role",
})  # fmt: skip
_ATTRIBUTES = {
    "a": "href name charset hreflang rel rev shape coords type",
    "area": "shape coords href nohref alt",
    "blockquote": "cite",
    "br": "clear",
    "caption": "align",
    "col": "span width align char charoff valign",
    "colgroup": "span width align char charoff valign",
    "del": "cite datetime",
    "hr": "size width noshade",
    "img": "src alt longdesc height width usemap ismap border name",
    "ins": "cite datetime",
    "li": "type value",
    "map": "name",
    "ol": "type start compact",
    "ul": "type compact",
    "dl": "compact",
    "pre": "width space",
    "q": "cite",
    "table": "summary width border frame rules cellspacing cellpadding bgcolor background",
    "tbody": "char charoff",
    "td": "abbr axis headers scope rowspan colspan char charoff width height bgcolor nowrap",
    "tfoot": "char charoff",
    "th": "abbr axis headers scope rowspan colspan char charoff width height bgcolor nowrap",
    "thead": "char charoff",
    "tr": "char charoff bgcolor",
}
_ALLOWED = {name: _EVERYWHERE | frozenset(_ATTRIBUTES.get(name, "").split()) for name in _ELEMENTS}
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ACTIVE = re.compile(r"\s*(?:javascript|vbscript|data:text/html)\s*:?", re.IGNORECASE)
_WORDS = re.compile(r">[^<]*[^<\s]")
EMPTY = "the div says nothing"
_NAMESPACE = "http://www.w3.org/1999/xhtml"


class _Fault(Exception):
    pass


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name in _OF_XML:
        return found[0]
    text = html5.get(f"{name};")
    return found[0] if text is None else "".join(f"&#{ord(character)};" for character in text)


class _Reading:
    """One pass over a narrative."""

    def __init__(self) -> None:
        self.depth = 0
        self.content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.depth:
            if name != "div":
                raise _Fault("the outermost element is not div")
            if attributes.get("xmlns") != _NAMESPACE:
                raise _Fault("the div is not in the namespace of XHTML")
            self.depth = 1
        allowed = _ALLOWED.get(name)
        if allowed is None:
            raise _Fault("an element that FHIR does not allow in a narrative")
        for key, value in attributes.items():
            if key not in allowed and key != "xmlns" and not key.startswith("data-"):
                raise _Fault("an attribute that FHIR does not allow in a narrative")
            if key in ("href", "src") and _ACTIVE.match(value):
                raise _Fault("a link that runs a program")
        if name == "img":
            self.content = True

    def refuse(self, *_: object) -> None:
        raise _Fault("a document type or processing instruction")


def narrative_fault(text: str) -> str | None:
    """What is wrong with the div of a narrative, or None: its elements, its attributes, and whether it says anything."""
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.ProcessingInstructionHandler = reading.refuse
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError:
        return "the div is not well-formed XML"
    except _Fault as fault:
        return str(fault)
    return None if reading.content or _WORDS.search(text) else EMPTY
