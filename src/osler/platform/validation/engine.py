"""Holding a resource to a structure: each element to its rule, its type's rules, and those of the slices it falls into.

The order and the places follow the reference validator. https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from osler.platform.fhirpath import Node
from osler.platform.validation import codes, extensions, invariants, kinds, primitives, references, specials
from osler.platform.validation.definitions import Definitions
from osler.platform.validation.items import Item
from osler.platform.validation.options import Options
from osler.platform.validation.report import Enough, Report
from osler.platform.validation.rows import BASE
from osler.platform.validation.shapes import Rule, Shape
from osler.platform.validation.slicing import assign, too_few

_INLINE = frozenset({"BackboneElement", "Element"})


class Engine:
    """One validation: what is known, how strict it is, and what has been checked already."""

    def __init__(self, definitions: Definitions, options: Options) -> None:
        self.definitions = definitions
        self.options = options
        self.done: dict[tuple[int, str], Report] = {}
        self.tested: dict[tuple[int, str], str] = {}
        self.items: dict[int, Item] = {}

    def index(self, root: Item) -> None:
        """Remember every element by its JSON object, so that FHIRPath's nodes lead back to elements."""
        for item in root.within():
            if item.is_resource and isinstance(item.value, dict):
                self.items[id(item.value)] = item

    def resource(self, item: Item, report: Report, profiles: tuple[str, ...] = (), at_all: bool = True) -> None:
        """A resource against its type, the profiles asked for, and those it claims."""
        self.identity(item, report)
        base = self.definitions.type(item.type)
        if base is None:
            report.error("structure", "No definition of this resource type", item)
            return
        self.shape(item, base, report)
        if at_all:
            specials.check(self, item, report)
        for url in profiles:
            self.profile(item, url, report, claimed=None)
        meta = item.one("meta")
        for claimed in meta.all("profile") if meta is not None else ():
            if claimed.text and claimed.text not in profiles:
                self.profile(item, claimed.text, report, claimed)

    def identity(self, item: Item, report: Report) -> None:
        """The resource's id keeps to its form; what is contained or in an entry has one where it must."""
        found = item.one("id")
        if found is None or found.text is None:
            if needs_id(item):
                report.error("invalid", "The resource must have an id", item)
        elif not primitives.is_id(found.text):
            long = len(found.text) > 64
            report.error(
                "invalid",
                "Not a valid resource id: too long" if long else "Not a valid resource id: other characters than A-Z a-z 0-9 - .",
                found,
            )

    def profile(self, item: Item, url: str, report: Report, claimed: Item | None) -> None:
        """One profile by its canonical URL. One that is not at hand, or of another type, is reported."""
        place = claimed or item
        shape = self.definitions.shape(url)
        if shape is None:
            if claimed is None:
                report.error("not-found", f"The profile {url[:200]} is not known here", place)
            else:
                report.warning("not-found", "The profile claimed is not known here, so the resource was not checked against it", place)
            return
        if shape.structure.type != item.type:
            report.error("invalid", f"The profile {shape.structure.versioned} is for {shape.structure.type}, not {item.type}", place)
            return
        self.shape(item, shape, report)
        for imposed in shape.structure.imposed:
            self.profile(item, imposed, report, claimed)

    def shape(self, item: Item, shape: Shape, report: Report) -> None:
        """A resource against one structure; asked again, the same answer is given."""
        key = (id(item), shape.structure.versioned)
        known = self.done.get(key)
        if known is None:
            known = self.done[key] = Report(report.most)
            try:
                self.element(item, shape.root, known)
            except Enough:
                report.take(known)
                raise
        report.take(known)

    def conforms(self, node: Node, url: str) -> bool | None:
        """FHIRPath's conformsTo: whether a resource keeps a profile; None where either is not known."""
        item, shape = self.items.get(id(node.value)), self.definitions.shape(url)
        if item is None or shape is None:
            return None
        return self.matches(item, shape)

    def member_of(self, node: Node, url: str) -> bool | None:
        """FHIRPath's memberOf, and the membership that slices ask for."""
        return codes.is_member(self, node.value, node.type, url)

    def matches(self, item: Item, shape: Shape) -> bool:
        """Whether an element keeps a structure."""
        if item.is_resource and shape.structure.type != item.type:
            return False
        tried = Report()
        if item.is_resource:
            self.shape(item, shape, tried)
        else:
            self.element(item, shape.root, tried)
        return not tried.failed

    def element(self, item: Item, rule: Rule, report: Report, url: str = "") -> None:
        """The inside of an element against a rule's: its members, how many there are, and the rule's invariants."""
        kinds.fixed(item, rule, report)
        inner = rule.below()
        if not inner and rule.row.types:
            shape = self.definitions.type(item.type)
            if shape is None or shape.root is rule:
                return
            rule, inner = shape.root, shape.root.children
        places = assign(self, item, inner, report)
        self.counts(item, rule, inner, places, report)
        for child, found in places:
            for each in found:
                self.child(child, each, item, report, url)
        invariants.check(self, item, rule, report)

    def counts(self, item: Item, rule: Rule, inner: list[Rule], places: list[tuple[Item, list[Rule]]], report: Report) -> None:
        """No element, and no slice, too seldom or too often."""
        counted: dict[int, int] = {}
        for _, found in places:
            for each in found:
                counted[id(each)] = counted.get(id(each), 0) + 1
        waiting = list(inner)
        while waiting:
            each = waiting.pop(0)
            waiting = each.slices + waiting
            row = each.row
            if row.wording:
                continue
            count = counted.get(id(each), 0)
            if count < row.min:
                too_few(item, each, count, report)
            if row.max not in ("*", "") and count > int(row.max):
                name = f"{rule.shape.structure.versioned}"
                report.error("structure", f"{each.label}: at most {row.max} allowed, {count} found (from {name})", item)

    def child(self, child: Item, rule: Rule, parent: Item, report: Report, url: str) -> None:
        """One element against the rule it was assigned to."""
        row = rule.row
        kind = next((t for t in row.types if t.code == child.type), None)
        inline = not row.types or row.types[0].code in _INLINE
        if not inline and kind is None and not _near(row.types[0].code, child.type, self.definitions):
            report.error(
                "structure",
                f"{rule.label}: must be of type {', '.join(t.code for t in row.types)} (from {rule.shape.structure.versioned})",
                child,
            )
        invariants.check(self, child, rule, report)
        if inline:
            self.element(child, rule, report)
            return
        if child.primitive:
            primitives.check(self, child, rule, report)
        elif not child.is_resource:
            kinds.check(self, child, rule, report)
        if child.type == "Extension":
            extensions.check(self, child, rule, parent, report, url)
            return
        if child.type == "Reference":
            references.check(self, child, rule, report)
        if child.is_resource:
            self.inner_resource(child, rule, report)
            return
        self._type(child, kind.profiles if kind is not None else (), report)
        if rule.children:
            self.element(child, rule, report)

    def _type(self, child: Item, profiles: tuple[str, ...], report: Report) -> None:
        """An element against its type, or against the profiles its rule names for the type: one of them must fit."""
        if not profiles:
            shape = self.definitions.type(child.type)
            if shape is not None:
                self.element(child, shape.root, report)
            return
        shapes = [(url, self.definitions.shape(url)) for url in profiles]
        for url, found in shapes:
            if found is None:
                report.warning("not-found", f"The profile {url[:200]} is not known here", child)
        known = [found for _, found in shapes if found is not None]
        if len(known) == 1:
            self.element(child, known[0].root, report)
        elif known:
            tried = [Report() for _ in known]
            for each, found in zip(tried, known, strict=True):
                self.element(child, found.root, each)
            good = [each for each in tried if not each.failed]
            if not good:
                report.error("structure", f"None of the profiles {'; '.join(sorted(profiles))[:400]} fits", child)
            for each in good or tried:
                report.take(each)
        elif not known and (shape := self.definitions.type(child.type)) is not None:
            self.element(child, shape.root, report)

    def inner_resource(self, child: Item, rule: Rule, report: Report) -> None:
        """A resource inside another: against its own type, and the profiles its place asks for."""
        kind = rule.row.types[0] if rule.row.types else None
        named = kind.profiles if kind is not None else ()
        if kind is not None and kind.code not in ("Resource", child.type):
            report.error("structure", f"A resource of type {kind.code} is expected here", child)
            return
        if rule.shape.structure.constraint and not named:
            return
        if not rule.shape.structure.constraint:
            self.resource(child, report)
        if len(named) == 1:
            self.profile(child, named[0], report, None)
        elif named:
            shapes = [s for url in named if (s := self.definitions.shape(url)) is not None]
            if not any(self.matches(child, s) for s in shapes):
                report.error("invalid", f"The resource fits none of the profiles {'; '.join(named)[:400]}", child)


def _near(wanted: str, given: str, definitions: Definitions) -> bool:
    """Whether a type may stand for another: strings and ids, any resource, a specialisation for what it specialises."""
    if wanted in ("Resource", "DomainResource") or {wanted, given} <= {"string", "id"}:
        return True
    shape = definitions.type(given)
    while shape is not None and shape.structure.base:
        if shape.structure.base == BASE + wanted:
            return True
        shape = definitions.shape(shape.structure.base)
    return False


def needs_id(item: Item) -> bool:
    """Whether a resource must have an id where it stands."""
    return item.special == "contained"
