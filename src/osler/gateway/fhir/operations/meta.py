"""$meta, $meta-add and $meta-delete: the profiles, tags and security labels of records.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from osler.gateway.fhir.call import Answer, Call, required_version
from osler.gateway.fhir.operations.arguments import Given
from osler.gateway.fhir.operations.operation import JSON, Operation, Parameter
from osler.gateway.fhir.operations.parameters import parameter, parameters
from osler.gateway.fhir.tree import text, tree
from osler.platform.access import may, readable, require
from osler.platform.context import Context
from osler.platform.errors import Conflict, Forbidden, Invalid, Issue, Malformed, VersionConflict
from osler.platform.fhir import parse
from osler.platform.store import Contended, Stored, Transaction

ATTEMPTS = 5
SETS = ("profile", "security", "tag")
LEFT_ALONE = frozenset({"id", "extension", "versionId", "lastUpdated", "source"})
"""Members of a Meta that are no labels: they are the server's, or say nothing here."""
Change = Callable[[JSON, JSON], JSON]
"""(what the record has, what was sent) -> what it shall have."""


async def meta(ctx: Context, call: Call, given: Given) -> Answer:
    """The labels of a version, a record, a type, or of everything the actor may read."""
    if len(call.path) > 2:
        kind, name, *version = call.path[:-1]
        require(ctx, "vread" if version else "read", kind)
        stored = await (ctx.store.vread(ctx, kind, name, version[1]) if version else ctx.store.read(ctx, kind, name))
        return Answer(200, returned(tree(stored.content).get("meta", {})), stored)
    whole = call.path[0] if len(call.path) == 2 else None
    if whole is not None:
        require(ctx, "search", whole)
    kinds = readable(ctx.actor) if whole is None else {whole}
    if not kinds:
        require(ctx, "search", None)
    together: JSON = {}
    for one in await ctx.store.labels.in_use(ctx, kinds, whole):
        together = added(together, one)
    return Answer(200, returned(together))


async def add(ctx: Context, call: Call, given: Given) -> Answer:
    """Add labels; those there are stay as they are."""
    return await relabelled(ctx, call, labels_of(given), added)


async def remove(ctx: Context, call: Call, given: Given) -> Answer:
    """Take labels away. Taking away a security label opens the record to more people: that needs a right of its own."""
    return await relabelled(ctx, call, labels_of(given), removed)


async def relabelled(ctx: Context, call: Call, sent: JSON, change: Change) -> Answer:
    """A new version with other labels; none when nothing changes."""
    kind = call.path[0]
    require(ctx, "read", kind)
    require(ctx, "update", kind)
    expected = required_version(call.if_match)
    for attempt in range(ATTEMPTS):
        try:
            async with ctx.transaction() as tx:
                stored = await changed(ctx, tx, call, sent, change, expected)
            return Answer(200, returned(tree(stored.content).get("meta", {})), stored)
        except (VersionConflict, Contended) as lost:
            if attempt == ATTEMPTS - 1 or (expected is not None and isinstance(lost, VersionConflict)):
                raise
    raise Conflict("The record is being changed by others; try again")


async def changed(ctx: Context, tx: Transaction, call: Call, sent: JSON, change: Change, expected: int | None) -> Stored:
    """Read, relabel and write within a transaction."""
    kind, name = call.path[0], call.path[1]
    await tx.load([(kind, name)])
    current = await tx.read(kind, name, expected)
    body = tree(current.content)
    before = body.get("meta", {})
    after = change(before, sent)
    if lost(before, after) and not may(ctx.actor, "declassify", kind):
        raise Forbidden("Your role does not include taking away security labels")
    if all(before.get(each) == after.get(each) for each in SETS):
        return current
    try:
        parsed = parse(text(body | {"meta": after}), kind)
    except Malformed as error:
        raise Invalid("The labels leave something that is not a valid resource", error.outcome()) from error
    return (await tx.update(parsed, name, current.version)).stored


def labels_of(given: Given) -> JSON:
    """The Meta sent, which must hold lists of labels and nothing that would be ignored."""
    sent = given.one("meta")
    for name in sent if isinstance(sent, dict) else ("",):
        if name not in SETS and name not in LEFT_ALONE:
            raise Malformed("A Meta is expected", [Issue("structure", "A Meta is expected", f"meta.{name}".rstrip("."))])
    for each in SETS:
        labels = sent.get(each, [])
        right = isinstance(labels, list) and all(isinstance(label, str if each == "profile" else dict) for label in labels)
        if not right:
            raise Malformed(f"meta.{each} is a list of labels", [Issue("structure", f"meta.{each} is a list of labels", f"meta.{each}")])
        if each != "profile" and not all(isinstance(label.get("code"), str) and label["code"] for label in labels):
            message = f"Each label of meta.{each} needs a code"
            raise Malformed(message, [Issue("required", message, f"meta.{each}")])
    found: JSON = sent
    return found


def identity(label: Any) -> Any:
    """A label is its system and code; version and display do not tell two apart. A profile is its URL."""
    return label if isinstance(label, str) else (label.get("system"), label.get("code"))


def added(before: JSON, sent: JSON) -> JSON:
    """Both together, each label once."""
    after = dict(before)
    for each in SETS:
        here = list(before.get(each, []))
        known = {identity(label) for label in here}
        for label in sent.get(each, []):
            if identity(label) not in known:
                known.add(identity(label))
                here.append(label)
        if here:
            after[each] = here
    return after


def removed(before: JSON, sent: JSON) -> JSON:
    """Without the labels sent."""
    after = dict(before)
    for each in SETS:
        unwanted = {identity(label) for label in sent.get(each, [])}
        here = [label for label in before.get(each, []) if identity(label) not in unwanted]
        after.pop(each, None)
        if here:
            after[each] = here
    return after


def lost(before: JSON, after: JSON) -> bool:
    """Whether a security label is gone."""
    return bool({identity(label) for label in before.get("security", [])} - {identity(label) for label in after.get("security", [])})


def returned(found: JSON) -> bytes:
    """The answer of all three."""
    return parameters([parameter("return", "Meta", found)] if found else [])


GIVES = (Parameter("return", "Meta", 1, text="The labels now"),)
TAKES = (Parameter("meta", "Meta", 1, text="Profiles, tags and security labels"),)
META = Operation(
    "$meta",
    "http://hl7.org/fhir/OperationDefinition/Resource-meta",
    meta,
    frozenset({"system", "type", "instance", "version"}),
    gives=GIVES,
    title="Profiles, tags and security labels in use",
)
META_ADD = Operation(
    "$meta-add",
    "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    add,
    frozenset({"instance"}),
    affects_state=True,
    takes=TAKES,
    gives=GIVES,
    title="Add profiles, tags and security labels",
)
META_DELETE = Operation(
    "$meta-delete",
    "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    remove,
    frozenset({"instance"}),
    affects_state=True,
    takes=TAKES,
    gives=GIVES,
    title="Take profiles, tags and security labels away",
)
