"""Bundles: first entries, full URLs, links, search sets, and that everything in a document hangs together.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from osler.platform.fhir.generated.registry import TYPES
from osler.platform.validation import links
from osler.platform.validation.items import Item
from osler.platform.validation.references import RESTFUL
from osler.platform.validation.report import Report

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

_KNOWN = frozenset(TYPES)
_PAGES = ("first", "previous", "next", "last")
_OPTIONAL_URL = ("transaction", "transaction-response", "batch", "batch-response")
_NO_LINKS = frozenset({
    "fullUrl", "system", "profile", "endpoint", "address",
})  # fmt: skip


def check(engine: Engine, item: Item, report: Report) -> None:
    """One Bundle."""
    kind = item.said("type") or ""
    entries = item.all("entry")
    _page_links(item, kind, report)
    if not entries:
        if kind in ("document", "message"):
            report.error("invalid", f"A {kind} must have a first entry", item)
    elif kind in ("document", "message"):
        _Interlinked(engine, item, entries, report).check(kind)
    elif kind == "searchset":
        _search_set(item, entries, report)
    for entry in entries:
        _full_url(entry, kind, report)


def _page_links(item: Item, kind: str, report: Report) -> None:
    """Which links a Bundle may have, and each once."""
    seen: set[str] = set()
    for link in item.all("link"):
        relation = link.said("relation") or ""
        paged = kind in ("searchset", "history")
        if not paged and relation in _PAGES:
            report.error("invalid", f"A Bundle of type {kind} has no link {relation}", link, ".relation")
        if relation in seen and (relation == "self" or (paged and relation in _PAGES)):
            report.error("invalid", f"The link {relation} is given twice", link)
        seen.add(relation)


def _full_url(entry: Item, kind: str, report: Report) -> None:
    url = entry.said("fullUrl")
    held = entry.one("resource")
    if url is None:
        if kind not in _OPTIONAL_URL:
            report.error("invalid", "Except for transactions and batches, each entry of a Bundle must have a fullUrl", entry)
        return
    if not links.absolute(url):
        report.error("invalid", "The fullUrl must be an absolute URL", entry)
        return
    if held is None or not RESTFUL.match(url):
        return
    name = held.said("id")
    if name is None:
        report.error("invalid", "The fullUrl looks like the URL of a RESTful server, but the resource has no id", entry)
    elif not url.endswith(f"/{held.type}/{name}"):
        report.error("invalid", "The fullUrl looks like the URL of a RESTful server, so it must end in the resource's type and id", entry)


def _search_set(item: Item, entries: list[Item], report: Report) -> None:
    """What a search answers. https://hl7.org/fhir/R4/bundle.html#searchset"""
    own = next((link for link in item.all("link") if link.said("relation") == "self"), None)
    types = _searched(own.said("url") or "") if own is not None else []
    if own is None:
        report.warning("invalid", "A searchset should have a link self", item)
    modes = [s.said("mode") if (s := e.one("search")) is not None else None for e in entries]
    if not any(modes):
        report.warning("invalid", "A searchset should say of each entry why it is there", item)
    for entry, mode in zip(entries, modes, strict=True):
        held = entry.one("resource")
        if held is None:
            report.error("invalid", "An entry of a searchset must have a resource", entry)
            continue
        missing = held.said("id") is None
        if mode is None:
            if missing and held.type != "OperationOutcome":
                report.warning("invalid", "A resource found by a search should have an id", held)
            continue
        if mode in ("match", "include") and missing:
            report.error("invalid", "A resource found by a search must have an id", held)
        if mode == "match" and types and held.type not in types:
            report.error("invalid", "The entry is called a match, but the search was for other types", held)
        if mode == "outcome" and held.type != "OperationOutcome":
            report.error("invalid", "An outcome of a search must be an OperationOutcome", held)


def _searched(url: str) -> list[str]:
    path, _, query = url.partition("?")
    last = path.rpartition("/")[2]
    if last in _KNOWN:
        return [last]
    return [t for name, value in parse_qsl(query) if name == "_type" for t in value.split(",")]


class _Interlinked:
    """A document or message: what its first entry names is in it, and every entry can be reached from there."""

    def __init__(self, engine: Engine, bundle: Item, entries: list[Item], report: Report) -> None:
        self.engine = engine
        self.bundle = bundle
        self.entries = entries
        self.report = report
        self.by_url: dict[str, list[Item]] = {}
        self.by_name: dict[str, list[Item]] = {}
        self.reported: set[int] = set()
        for entry in entries:
            self._note(entry)

    def _note(self, entry: Item) -> None:
        url, held = entry.said("fullUrl"), entry.one("resource")
        meta = held.one("meta") if held is not None else None
        version = meta.said("versionId") if meta is not None else None
        names = [(self.by_url, url)]
        if held is not None and held.said("id") is not None:
            names.append((self.by_name, f"{held.type}/{held.said('id')}"))
        for table, name in names:
            if name is not None:
                table.setdefault(name, []).append(entry)
                if version is not None:
                    table.setdefault(f"{name}/_history/{version}", []).append(entry)

    def check(self, kind: str) -> None:
        first = self.entries[0].one("resource")
        if first is None:
            self.report.error("invalid", f"The first entry of a {kind} must have a resource", self.entries[0])
        elif kind == "document":
            if first.type != "Composition":
                self.report.error("invalid", "The first entry of a document must be a Composition", first)
            else:
                self._document(first)
        elif first.type != "MessageHeader":
            self.report.error("invalid", "The first entry of a message must be a MessageHeader", first)
        else:
            for focus in first.all("focus"):
                self._must_find(focus, first)
        if first is not None or kind == "document":
            self._reachable(kind)

    def _document(self, composition: Item) -> None:
        """What the Composition names must be in the document. https://hl7.org/fhir/R4/documents.html#content"""
        named = [r for name in ("subject", "author", "encounter", "custodian") for r in composition.all(name)]
        named += [r for a in composition.all("attester") for r in a.all("party")]
        named += [r for e in composition.all("event") for r in e.all("detail")]
        sections = composition.all("section")
        while sections:
            section = sections.pop(0)
            named += [*section.all("author"), *section.all("focus"), *section.all("entry")]
            sections = [*section.all("section"), *sections]
        for reference in named:
            self._must_find(reference, composition)

    def _must_find(self, reference: Item, holder: Item) -> None:
        text = reference.said("reference")
        if text and not text.startswith("#"):
            self.find(text, holder, reference, strict=True)

    def find(self, text: str, holder: Item, source: Item, strict: bool) -> Item | None:
        """The entry that a reference means by the rules for documents; says so where there is none, or more than one."""
        plain = text.partition("#")[0]
        entry = holder.parent
        base = entry.said("fullUrl") if entry is not None else None
        if links.absolute(plain):
            found = self.by_url.get(plain, [])
        else:
            own = f"{holder.type}/{holder.said('id')}"
            rooted = base is not None and RESTFUL.match(base) is not None and base.endswith(own)
            found = self.by_url.get(base[: -len(own)] + plain, []) if rooted and base is not None else []
        if len(found) == 1:
            return found[0]
        if id(source) in self.reported:
            return None
        if found:
            self._say(source, "invalid", f"Several entries of the Bundle match the reference at {source.path}", True)
        elif links.absolute(plain):
            kind = plain.rsplit("/", 2)[-2] if RESTFUL.match(plain) else ""
            if kind not in links.CANONICAL_RESOURCES:
                self._say(source, "not-found", "What the reference names is not in the Bundle", strict)
        else:
            self._relative(plain, source, strict)
        return None

    def _relative(self, text: str, source: Item, strict: bool) -> None:
        parts = text.split("/")
        if len(parts) < 2 or parts[0] not in _KNOWN:
            return
        near = self.by_name.get("/".join(parts[:2]))
        if near:
            said = "What the reference names is in the Bundle by type and id, but not by the rules for relative references and fullUrls"
            self._say(source, "invalid", said, True)
        else:
            self._say(source, "not-found", "What the reference names is not in the Bundle", strict)

    def _say(self, source: Item, code: str, message: str, strict: bool) -> None:
        self.reported.add(id(source))
        if strict:
            self.report.error(code, message, source)
        else:
            self.report.note(code, message, source)

    def _reachable(self, kind: str) -> None:
        """Every entry is reached from the first, forwards or backwards."""
        targets = {id(e): self._targets(e) for e in self.entries if e.one("resource") is not None}
        seen: set[int] = set()
        self._visit(self.entries[0], targets, seen)
        self._stylesheets(seen)
        again = True
        while again:
            again = False
            for entry in self.entries:
                if id(entry) not in seen and id(entry) in targets and any(id(t) in seen for t in targets[id(entry)]):
                    held = entry.one("resource")
                    if kind == "document" and held is not None and held.type != "Provenance":
                        self.report.warning("invalid", "The entry is reached only by a link backwards", entry)
                    self._visit(entry, targets, seen)
                    again = True
        for entry in self.entries:
            if id(entry) in targets and id(entry) not in seen:
                said = f"The entry cannot be reached by links from the first entry of the {kind}"
                if kind == "document":
                    self.report.error("informational", said, entry)
                else:
                    self.report.warning("informational", said, entry)

    def _visit(self, entry: Item, targets: dict[int, list[Item]], seen: set[int]) -> None:
        waiting = [entry]
        while waiting:
            each = waiting.pop()
            if id(each) not in seen:
                seen.add(id(each))
                waiting += targets.get(id(each), [])

    def _stylesheets(self, seen: set[int]) -> None:
        for link in self.bundle.all("link"):
            if link.said("relation") == "stylesheet":
                seen |= {id(e) for e in self.by_name.get(link.said("url") or "", [])[:1]}

    def _targets(self, entry: Item) -> list[Item]:
        """The entries that something in this one refers to."""
        holder = entry.one("resource")
        if holder is None:
            return []
        found: list[Item] = []
        asked: set[str] = set()
        waiting = list(entry.children)
        while waiting:
            each = waiting.pop(0)
            text = None
            if each.type == "Reference":
                text = each.said("reference")
            elif (
                each.type in ("uri", "url")
                and each.name not in _NO_LINKS
                and not (each.name == "url" and each.parent and each.parent.type == "Extension")
            ):
                text = each.text
            if text and not text.startswith("#") and text not in asked:
                asked.add(text)
                target = self.find(text, holder, each, strict=False)
                if target is not None and target is not entry:
                    found.append(target)
            if each.type != "Bundle":
                waiting = [*each.children, *waiting]
        return found
