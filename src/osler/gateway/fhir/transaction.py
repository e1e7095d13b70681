"""transaction: all entries or none, with references between them resolved. https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace

from osler.gateway.fhir import patching, searching
from osler.gateway.fhir.binary import check_context
from osler.gateway.fhir.call import LEGAL_ID, Answer, Call, any_version_refused, legal_id, not_modified, required_version
from osler.gateway.fhir.conditional import check_free
from osler.gateway.fhir.criteria import Criteria, criteria, criteria_from, matching
from osler.gateway.fhir.entries import Entry, response, speaking_of
from osler.gateway.fhir.routing import interaction
from osler.gateway.fhir.subset import shown
from osler.gateway.fhir.writing import check_same_id, written
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Gone, Issue, Malformed, NotFound, Unsupported, VersionConflict
from osler.platform.fhir import TYPE_CODE, conditional_references, new_id, rewrite_references, rewrite_text
from osler.platform.store import Contended, Transaction

RESTFUL = re.compile(r"(?P<root>.*/)[A-Za-z]+/[A-Za-z0-9\-.]{1,64}\Z")
RELATIVE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}\Z")
UNRESOLVED = b'"reference":"urn:uuid:'
ATTEMPTS = 4
BREATH = 64
"""After so many resources other requests get a turn on the event loop."""
ACTIONS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "read", "HEAD": "read"}


async def transaction(ctx: Context, entries: list[Entry | Malformed]) -> list[bytes]:
    """Do all entries in one database transaction. Raises the first refusal, and then nothing has happened."""
    for entry in entries:
        if isinstance(entry, Malformed):
            raise entry
    asked = [entry for entry in entries if isinstance(entry, Entry)]
    for entry in asked:
        with speaking_of(entry):
            check(ctx, entry)
    check_names(asked)
    for attempt in range(ATTEMPTS):
        try:
            async with ctx.transaction() as tx:
                return await Work(ctx, tx, asked).answers()
        except Contended:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


def check(ctx: Context, entry: Entry) -> None:
    """Refuse an entry that this actor may not ask, or that cannot be part of a transaction."""
    call = entry.call
    interaction(ctx, call)
    depth = len(call.path)
    reads = call.method in ("GET", "HEAD")
    if not call.path or call.path[0] not in TYPE_CODE or depth > 2 or call.path[-1].startswith(("_", "$")):
        raise Unsupported("A transaction takes reads, searches and writes of one record each")
    require(ctx, "search" if reads and depth == 1 else ACTIONS[call.method], call.path[0])
    if depth == 1 and (call.if_none_exist is not None or call.method in ("PUT", "PATCH", "DELETE")):
        require(ctx, "search", call.path[0])


def check_names(entries: list[Entry]) -> None:
    """Two entries of one fullUrl could not be told apart by those that refer to them."""
    seen: set[str] = set()
    for entry in entries:
        if entry.full_url is not None:
            if entry.full_url in seen and entry.call.method not in ("GET", "HEAD"):
                message = "Two entries have the same fullUrl"
                raise Malformed(message, [Issue("duplicate", message, f"{entry.place}.fullUrl")])
            seen.add(entry.full_url)


class Work:
    """One attempt at a transaction."""

    def __init__(self, ctx: Context, tx: Transaction, entries: list[Entry]) -> None:
        self.ctx = ctx
        self.tx = tx
        self.entries = entries
        self.done: dict[int, Answer] = {}
        self.ids: dict[int, str] = {}
        """The id each POST, PUT and PATCH entry writes, once it is known."""
        self.names: dict[str, str] = {}
        """fullUrl, urn:uuid or conditional reference -> `Type/id`."""
        self.written: set[tuple[str, str]] = set()
        self.promised: dict[str, Entry] = {}
        """Criteria that match nothing yet -> the entry that makes what they ask for."""
        self.again: dict[int, int] = {}
        """Conditional creates with the criteria of an earlier one -> that one: it answers them."""
        self.worked = 0

    async def answers(self) -> list[bytes]:
        """Do the entries in the order the specification wants and answer them in the order they came."""
        wanted = {entry.index: found for entry in self.entries if (found := criteria_of(entry)) is not None}
        if wanted:
            await self.tx.lock(*(found.lock for found in wanted.values()))
        await self.tx.load(
            (entry.call.path[0], entry.call.path[1])
            for entry in self.entries
            if entry.turn in (0, 2) and len(entry.call.path) == 2 and LEGAL_ID.match(entry.call.path[1])
        )
        await self.each(0, lambda entry: self.delete(entry, wanted.get(entry.index)))
        await self.each(1, lambda entry: self.name(entry, wanted.get(entry.index)))
        await self.each(2, lambda entry: self.name(entry, wanted.get(entry.index)))
        await self.write()
        await self.each(3, self.read)
        return [response(entry.call, self.done[entry.index]) for entry in self.entries]

    async def each(self, turn: int, do: Callable[[Entry], object]) -> None:
        """Do one thing with every entry of a turn."""
        for entry in self.entries:
            if entry.turn == turn and entry.index not in self.done:
                with speaking_of(entry):
                    await do(entry)  # type: ignore[misc]  # every `do` here is a coroutine function

    async def delete(self, entry: Entry, wanted: Criteria | None) -> None:
        """Delete the record named or matched."""
        call = entry.call
        kind = call.path[0]
        name = await self.found(entry, wanted) if wanted is not None else legal_id(call)
        if name is None:
            self.done[entry.index] = Answer(204, wrote=True, outcome="There was nothing to delete")
            return
        self.claim(entry, kind, name)
        gone = await self.tx.delete(kind, name, required_version(call.if_match))
        self.done[entry.index] = Answer(204, stored=gone.stored if gone.stored.version else None, wrote=True, outcome="Deleted")

    async def name(self, entry: Entry, wanted: Criteria | None) -> None:
        """Decide which id a POST, PUT or PATCH writes, before anything is written: the others may refer to it."""
        call = entry.call
        kind = call.path[0]
        found = await self.found(entry, wanted) if wanted is not None else None
        if wanted is not None and found is None and call.method != "PATCH":
            first = self.promised.setdefault(wanted.lock, entry)
            if first is not entry:
                self.repeat(entry, first)
                return
        if call.method == "POST":
            if found is not None:
                current = await self.tx.read(kind, found)
                location = f"{call.base}/{kind}/{found}/_history/{current.version}"
                self.done[entry.index] = Answer(200, current.content, current, location, wrote=True, outcome="It exists already")
            name = found or new_id(self.ctx.clock.now())
        elif len(call.path) == 2:
            name = legal_id(call)
        elif found is None and call.method == "PATCH":
            raise NotFound(f"No {kind} matches")
        elif found is None and (own := identified(call)) is not None:
            await check_free(self.tx, kind, own)
            name = own
        else:
            name = found or new_id(self.ctx.clock.now())
        if entry.index not in self.done:
            self.claim(entry, kind, name)
        self.ids[entry.index] = name
        if entry.full_url is not None:
            self.names[entry.full_url] = f"{kind}/{name}"

    def repeat(self, entry: Entry, first: Entry) -> None:
        """An entry with an earlier one's criteria: a conditional create finds what that one makes, an update would overwrite it."""
        name = self.ids[first.index]
        if entry.call.method != "POST" or first.call.method != "POST":
            self.claim(entry, entry.call.path[0], name)
        self.again[entry.index] = first.index
        if entry.full_url is not None:
            self.names[entry.full_url] = f"{entry.call.path[0]}/{name}"

    async def found(self, entry: Entry, wanted: Criteria | None) -> str | None:
        """The id of the one record that criteria match."""
        if wanted is None:
            return None
        found = await matching(self.tx, wanted, entry.call.base, f"{entry.place}.request")
        return None if found is None else found.id

    def claim(self, entry: Entry, kind: str, name: str) -> None:
        """Each record may be written by one entry only: which would win? https://hl7.org/fhir/R4/http.html#trules"""
        if (kind, name) in self.written:
            message = "Two entries of the transaction write the same record"
            raise Malformed(message, [Issue("duplicate", message, entry.place)])
        self.written.add((kind, name))

    async def write(self) -> None:
        """Write POST, PUT and PATCH entries: first those whose references are known, then those that refer to what was just written."""
        settled = self.done.keys() | self.again.keys()
        due = [entry for turn in (1, 2) for entry in self.entries if entry.turn == turn and entry.index not in settled]
        missing = await self.resolve(due, {})
        waiting = [entry for entry in due if entry.index in missing]
        for entry in due:
            if entry.index not in missing:
                await self.put(entry)
        if waiting:
            await self.resolve(waiting, missing)
            for entry in waiting:
                await self.put(entry)
        for index, first in self.again.items():
            self.done[index] = replace(self.done[first], status=200, outcome="It exists already")

    async def resolve(self, entries: list[Entry], missing: dict[int, str]) -> dict[int, str]:
        """Find what conditional references mean. On the second look, one that finds nothing fails the transaction."""
        unknown: dict[int, str] = {}
        nothing: set[str] = set()
        for entry in entries:
            for reference in () if whole(entry) else conditional_references(entry.call.body):
                if reference in self.names:
                    continue
                with speaking_of(entry):
                    if reference not in nothing and await self.look_up(reference, entry):
                        continue
                    if missing:
                        message = "A conditional reference matches nothing"
                        raise VersionConflict(message, [Issue("not-found", message, f"{entry.place}.resource")])
                nothing.add(reference)
                unknown[entry.index] = reference
        return unknown

    async def look_up(self, reference: str, entry: Entry) -> bool:
        """Remember the record that a conditional reference means, if there is one."""
        kind, _, text = reference.partition("?")
        if kind not in TYPE_CODE:
            raise Malformed("A conditional reference names no resource type")
        require(self.ctx, "search", kind)
        where = f"{entry.place}.resource"
        found = await matching(self.tx, criteria_from(kind, text, where), entry.call.base, "A conditional reference")
        if found is not None:
            self.names[reference] = f"{kind}/{found.id}"
        return found is not None

    async def put(self, entry: Entry) -> None:
        """Write one entry with its references resolved."""
        call = entry.call
        self.worked += 1
        if not self.worked % BREATH:
            await asyncio.sleep(0)
        with speaking_of(entry):
            if call.body and not whole(entry):
                call.body = rewrite_text(call.body, self.renaming(entry))
                check_resolved(entry)
            name, kind = self.ids[entry.index], call.path[0]
            if call.method == "PATCH":
                self.done[entry.index] = await self.patch(entry, kind, name)
                return
            parsed = call.resource(kind)
            if call.method == "POST":
                self.done[entry.index] = written(call, await self.tx.create(parsed, name))
                return
            if len(call.path) == 2 or parsed.id is not None:
                check_same_id(call, parsed, name)
            if any_version_refused(call.if_none_match):
                await self.check_absent(kind, name)
            self.done[entry.index] = written(call, await self.tx.update(parsed, name, required_version(call.if_match)))

    async def patch(self, entry: Entry, kind: str, name: str) -> Answer:
        """Change parts of a record; what a packed JSON Patch refers to shows only when it is done."""
        call = entry.call
        current = await self.tx.read(kind, name, required_version(call.if_match))
        changed = rewrite_references(patching.changed_resource(current, patching.change_from(call)), self.renaming(entry))
        return written(call, await self.tx.update(changed, name, current.version))

    async def check_absent(self, kind: str, name: str) -> None:
        """`If-None-Match: *`: only when there is nothing yet."""
        try:
            await self.tx.read(kind, name)
        except (NotFound, Gone):
            return
        raise VersionConflict(f"{kind}/{name} exists already")

    async def read(self, entry: Entry) -> None:
        """A read or search, which sees what the transaction has written."""
        call = entry.call
        if len(call.path) == 2:
            stored = await self.tx.read(call.path[0], call.path[1])
            if stored.type == "Binary":
                check_context(self.ctx, stored.content)
            if not_modified(call, stored):
                self.done[entry.index] = Answer(304, stored=stored)
            else:
                self.done[entry.index] = Answer(200, shown(stored.content, stored.type, call.wishes), stored)
            return
        query = searching.query_of(call, call.path[0], call.query, parameters_of=await self.tx.parameters())
        self.done[entry.index] = searching.searchset(self.ctx, call, query, await self.tx.search(query))

    def renaming(self, entry: Entry) -> Callable[[str], str | None]:
        """What a reference inside this entry becomes; a relative one is looked up beside the entry's own fullUrl."""
        names = self.names
        restful = RESTFUL.match(entry.full_url) if entry.full_url is not None else None
        if restful is None:
            return names.get
        root = restful["root"]
        return lambda value: names.get(value) or (names.get(root + value) if RELATIVE.match(value) else None)


def check_resolved(entry: Entry) -> None:
    """A temporary name that no entry bears would stay in the record and lead nowhere."""
    if UNRESOLVED in entry.call.body:
        message = "A reference is a urn:uuid that is no entry's fullUrl"
        raise Malformed(message, [Issue("not-found", message, f"{entry.place}.resource")])


def whole(entry: Entry) -> bool:
    """A Bundle to be stored is kept as it is: what its entries refer to is inside it, and a document may be signed."""
    return entry.call.path[0] == "Bundle"


def criteria_of(entry: Entry) -> Criteria | None:
    """The criteria of a conditional entry."""
    call = entry.call
    if call.method == "POST" and call.if_none_exist is not None:
        with speaking_of(entry):
            return criteria_from(call.path[0], call.if_none_exist, f"{entry.place}.request.ifNoneExist")
    if len(call.path) == 1 and call.method in ("PUT", "PATCH", "DELETE"):
        with speaking_of(entry):
            return criteria(call.path[0], call.query, f"{entry.place}.request.url")
    return None


def identified(call: Call) -> str | None:
    """The id a resource brings along."""
    return call.resource(call.path[0]).id
