"""References: what they lead to within the text, and whether that may stand there. https://hl7.org/fhir/R4/references.html"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osler.platform.fhir.generated.registry import ANY_TYPE, TYPES
from osler.platform.fhir.primitives import may_target
from osler.platform.validation import links
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import BASE, TypeRef
from osler.platform.validation.shapes import Rule

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

_KNOWN = frozenset(TYPES)
_QUERY = re.compile(r"[_a-zA-Z][_a-zA-Z0-9.:-]*=[^=&]*(?:&[_a-zA-Z][_a-zA-Z0-9.:-]*=[^=&]*)*\Z")
RESTFUL = re.compile(rf"(?:https?://[^\s?#]*/)?(?:{ANY_TYPE})/[A-Za-z0-9\-.]{{1,64}}(?:/_history/[A-Za-z0-9\-.]{{1,64}})?\Z")
_FREE = frozenset({"http://tools.ietf.org/html/bcp47"})


def check(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """One Reference against the types and profiles its element allows."""
    text = item.said("reference")
    if not text:
        identifier = item.one("identifier")
        if item.one("display") is None and (identifier is None or identifier.one("value") is None) and not item.children:
            report.warning("structure", "A reference without an actual reference or identifier should have a display", item)
        return
    if text in _FREE:
        return
    if any(c.isspace() for c in text):
        report.error("invalid", "A reference has no blanks", item)
        return
    found = local(engine, item, text, report)
    kind = next((t for t in rule.row.types if t.code == "Reference"), None)
    if _conditional(text):
        if not _QUERY.match(text.partition("?")[2]):
            report.error("invalid", "The query of a conditional reference is not valid", item)
        return
    if found is None and text.startswith("#"):
        report.error("structure", "The contained resource that is referred to was not found", item)
    named = item.said("type")
    actual = found.type if found is not None else type_in(text)
    if named is not None and actual is not None and named.removeprefix(BASE) != actual:
        report.error("structure", "Reference.type is not the type of what the reference leads to", item)
    if kind is not None:
        _allowed(engine, item, text, found, kind, report)


def _conditional(text: str) -> bool:
    name, mark, _ = text.partition("?")
    return bool(mark) and name in _KNOWN


def _allowed(engine: Engine, item: Item, text: str, found: Item | None, kind: TypeRef, report: Report) -> None:
    """What a reference leads to is of an allowed type, keeps an allowed profile, and lies where it may."""
    if kind.aggregation:
        place = "contained" if text.startswith("#") else "bundled" if found is not None else "referenced"
        fine = place in kind.aggregation or (place == "bundled" and "referenced" in kind.aggregation)
        if not fine:
            report.error("structure", f"The reference leads to something {place}, but must be {' or '.join(kind.aggregation)}", item)
    shapes = [s for s in (engine.definitions.shape(url) for url in kind.targets) if s is not None]
    types = {s.structure.type for s in shapes}
    if not types or "Resource" in types or len(shapes) < len(kind.targets):
        return
    if found is None:
        if engine.options.targets and not may_target(text, "|".join(sorted(types)), ANY_TYPE):
            report.error("value", f"The reference must lead to {', '.join(sorted(types))}", item)
        return
    if found.type not in types:
        report.error("structure", f"The reference must lead to {', '.join(sorted(types))}, not {found.type}", item)
        return
    fitting = [s for s in shapes if s.structure.type == found.type]
    if any(not s.structure.constraint for s in fitting):
        return
    if not any(engine.matches(found, s) for s in fitting):
        urls = ", ".join(sorted(s.url for s in fitting))
        report.error("structure", f"What the reference leads to keeps none of the profiles {urls[:400]}", item)


def type_in(text: str) -> str | None:
    """The resource type that a reference names."""
    parts = text.split("/")
    if "_history" in parts[-2:-1] and len(parts) >= 4:
        parts = parts[:-2]
    return parts[-2] if len(parts) >= 2 and parts[-2] in _KNOWN else None


def resolve(engine: Engine, item: Item, text: str) -> Item | None:
    """What a reference on this element leads to, within the text."""
    return local(engine, item, text, Report())


def local(engine: Engine, item: Item, text: str, report: Report) -> Item | None:
    """A contained resource, an entry of the Bundle around, or a parameter beside; None where nothing in the text is meant."""
    if text.startswith("#"):
        return _contained(item, text[1:])
    step: Item | None = item
    entry: Item | None = None
    while step is not None:
        if step.special == "entry" and entry is None:
            entry = step.parent
        if step.type == "Bundle" and step.is_resource and entry is not None:
            return _in_bundle(item, step, entry, text, report)
        if step.special == "parameter" and step.parent is not None:
            holder = step.parent.resource
            found = next((r for r in holder.within() if r.special == "parameter" and f"{r.type}/{r.said('id')}" == text), None)
            if found is not None:
                return found
        step = step.parent
    return None


def _contained(item: Item, name: str) -> Item | None:
    step: Item | None = item
    inner = False
    while step is not None:
        if step.is_resource:
            if not name and inner and step.special != "contained":
                return step
            inner = inner or step.special == "contained"
            for held in step.all("contained"):
                if held.said("id") == name:
                    return held
            if step.special in ("entry", "parameter"):
                return None
        step = step.parent
    return None


def _in_bundle(item: Item, bundle: Item, entry: Item, text: str, report: Report) -> Item | None:
    """An entry's resource, by the rules for references in Bundles. https://hl7.org/fhir/R4/bundle.html#references"""
    kind = bundle.said("type") or ""
    base = entry.said("fullUrl")
    answer = kind in ("batch-response", "transaction-response")
    if base is None and not answer:
        report.error("required", "The entry has no fullUrl, so its references cannot be resolved", entry)
    if _conditional(text):
        return None
    wanted, version, named = _wanted(text, base)
    if wanted is None:
        if base is None:
            if not answer and not item.path.startswith("Bundle.signature"):
                report.error("required", "A relative reference cannot be resolved: the entry has no fullUrl", item)
        else:
            report.error("invalid", "A relative reference must have the form [type]/[id], or [type]/[id]/_history/[version]", item)
        return None
    match = None
    for other in bundle.all("entry"):
        held = other.one("resource")
        if held is None or other.said("fullUrl") != wanted:
            continue
        meta = held.one("meta")
        if version and (meta is None or meta.said("versionId") != version):
            continue
        if match is not None:
            report.error("forbidden", "Several entries of the Bundle match the reference", item)
        match = held
    if match is None:
        _unmatched(item, bundle, text, report)
    elif named is not None and match.type != named:
        report.error("required", f"What the reference leads to is not a {named}, as it says, but a {match.type}", item)
    return match


def _wanted(text: str, base: str | None) -> tuple[str | None, str, str | None]:
    """The fullUrl that a reference means, the version and the type it names."""
    plain, mark, version = text.partition("/_history/")
    if links.absolute(text):
        return plain, version, None
    if base is None or text.count("/") not in (1, 3):
        return None, "", None
    kind, _, name = plain.partition("/")
    if base.startswith("urn"):
        return base.rpartition(":")[0] + ":" + name, version, kind
    server = base.rsplit("/", 2)[0]
    return f"{server}/{plain}" if "/" in base else plain, version, kind if mark else None


def _unmatched(item: Item, bundle: Item, text: str, report: Report) -> None:
    if text.startswith("urn"):
        report.warning("required", "The URN does not lead to an entry of the Bundle", item)
    if not links.absolute(text):
        parts = text.split("/")
        near = [e for e in bundle.all("entry") if (r := e.one("resource")) is not None and parts[:2] == [r.type, r.said("id")]]
        if len(near) > 1:
            report.warning("required", "Several entries have the type and id of the reference, but none its full URL", item)
        for each in near:
            report.warning("required", f"{each.path} has the type and id of the reference, but another fullUrl than it means", item)


def unused(item: Item, report: Report) -> None:
    """Contained resources that nothing refers to, and that do not refer to what holds them (dom-3)."""
    held = item.all("contained")
    if not held:
        return
    outside = _fragments([c for c in item.children if c.special != "contained"])
    inside = {id(each): _fragments([each]) for each in held}
    used = {id(each) for each in held if each.said("id") in outside or "" in inside[id(each)]}
    while True:
        more = {id(o) for o in held if id(o) not in used and any(o.said("id") in inside[u] for u in used if u != id(o))}
        if not more:
            break
        used |= more
    for each in held:
        if id(each) not in used:
            report.error(
                "invalid", "The contained resource is not referred to from the resource that holds it, and does not refer to it", each
            )


_HREF = re.compile(r"""(?:href|src)\s*=\s*["']#([^"']*)["']""")


def _fragments(items: list[Item]) -> set[str]:
    found: set[str] = set()
    for top in items:
        for each in top.within():
            text = each.text
            if text is None:
                continue
            if each.type == "xhtml":
                found |= set(_HREF.findall(text))
            elif text.startswith("#") and each.type in ("string", "uri", "url", "canonical"):
                found.add(text[1:])
    return found


def same_ids(item: Item, report: Report) -> None:
    """Ids of elements are unique within their resource."""
    seen: set[str] = set()
    waiting = list(item.children)
    while waiting:
        each = waiting.pop(0)
        if each.is_resource:
            continue
        name = each.said("id") if not each.primitive or each.children else None
        if name and each.type != "ElementDefinition":
            if name in seen:
                report.error("business-rule", "The id is given to more than one element", each)
            seen.add(name)
        waiting += each.children
