"""JSON to XML: the members in the order of the definition, decimals digit by digit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from osler.formats.xml import xhtml
from osler.formats.xml.shapes import FHIR, Child, Shape, of_primitives, shape
from osler.platform.errors import Issue, Malformed
from osler.platform.fhir import TYPE_CODE

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


class _Number(str):
    """A JSON number with a fraction or an exponent, as it was written."""

    __slots__ = ()


_decoder = msgspec.json.Decoder(float_hook=_Number)


def to_xml(body: bytes, pretty: bool = False) -> bytes:
    """A resource's JSON as XML, one element a line when `pretty`. Raises `Malformed` with the element's path for what is not R4."""
    try:
        tree = _decoder.decode(body)
        parts: list[str] = []
        _resource(parts, tree, "", f' xmlns="{FHIR}"')
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("The JSON is broken") from None
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    return DECLARATION + ("".join(_indented(parts)) if pretty else "".join(parts)).encode()


def _indented(parts: list[str]) -> Iterator[str]:
    """Each tag on its own line; a narrative is one part and keeps its blanks."""
    depth = 0
    for part in parts:
        closing = part.startswith("</")
        depth -= closing
        yield f"\n{'  ' * depth}{part}"
        depth += not (closing or part.endswith("/>") or part.startswith("<div"))


def _resource(parts: list[str], node: Any, path: str, namespace: str = "") -> None:
    name = node.get("resourceType") if isinstance(node, dict) else None
    if not isinstance(name, str) or name not in TYPE_CODE:
        raise _wrong("The member resourceType must name a FHIR R4 resource type", f"{path or 'Resource'}.resourceType")
    parts.append(f"<{name}{namespace}>")
    _children(parts, node, shape(name), path or name)
    parts.append(f"</{name}>")


def _children(parts: list[str], node: dict[str, Any], kind: Shape, path: str) -> None:
    """The members of an object as elements, in the order of the definition."""
    known = kind.children
    present = []
    for key in node:
        child = known.get(key)
        if child is not None:
            present.append((child.order, key, child))
        elif key[:1] == "_" and (child := known.get(key[1:])) is not None and child.form not in ("complex", "resource"):
            if child.name not in node:
                present.append((child.order, child.name, child))
        elif key != "resourceType" and key not in kind.attributes:
            raise _wrong("Unknown element", f"{path}.{key[:64]}")
    present.sort()
    for _, key, child in present:
        value = node.get(key)
        if child.form == "complex" or child.form == "resource":
            for item in value if child.many and isinstance(value, list) else (value,):
                _complex(parts, item, child, path)
        else:
            _primitives(parts, value, node.get("_" + key), child, path)


def _complex(parts: list[str], node: Any, child: Child, path: str) -> None:
    path = f"{path}.{child.label}"
    if not isinstance(node, dict):
        raise _wrong("An object is expected", path)
    if child.form == "resource":
        parts.append(f"<{child.name}>")
        _resource(parts, node, path)
    else:
        kind = shape(child.type)
        parts.append(f"<{child.name}{_attributes(node, kind)}>")
        _children(parts, node, kind, path)
    parts.append(f"</{child.name}>")


def _primitives(parts: list[str], value: Any, beside: Any, child: Child, path: str) -> None:
    """One primitive or a list of them, each with the id and the extensions that JSON keeps under `_name`."""
    if not child.many:
        _primitive(parts, value, beside, child, path)
        return
    values = value if isinstance(value, list) else [] if value is None else [value]
    extras = beside if isinstance(beside, list) else []
    for index in range(max(len(values), len(extras))):
        _primitive(
            parts,
            values[index] if index < len(values) else None,
            extras[index] if index < len(extras) else None,
            child,
            path,
        )


def _primitive(parts: list[str], value: Any, beside: Any, child: Child, path: str) -> None:
    if child.form == "xhtml" and isinstance(value, str):
        parts.append(xhtml.element(value))
        return
    told = f' value="{_text(value, child, path)}"' if value is not None else ""
    if not isinstance(beside, dict):
        parts.append(f"<{child.name}{told}/>")
        return
    tag = f"<{child.name}{_attributes(beside, of_primitives())}{told}"
    if "extension" in beside:
        parts.append(f"{tag}>")
        _children(parts, beside, of_primitives(), f"{path}.{child.label}")
        parts.append(f"</{child.name}>")
    else:
        parts.append(f"{tag}/>")


def _attributes(node: dict[str, Any], kind: Shape) -> str:
    text = ""
    for name in kind.attributes:
        value = node.get(name)
        if isinstance(value, str):
            text += f' {name}="{xhtml.attribute(value)}"'
    return text


def _text(value: Any, child: Child, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number | int):
        return str(value)
    if isinstance(value, str):
        return xhtml.attribute(value)
    raise _wrong("A value is expected", f"{path}.{child.label}")


def _wrong(message: str, path: str) -> Malformed:
    return Malformed(message, [Issue("structure", message, path)])
