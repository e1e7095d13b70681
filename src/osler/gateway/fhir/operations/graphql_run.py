"""Carries out a $graphql query: elements from the record at hand, references and lists through the store."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, SelectionSetNode

from osler.gateway.fhir import searching
from osler.gateway.fhir.call import Call
from osler.gateway.fhir.operations.graphql_check import LISTS, check, check_path
from osler.gateway.fhir.operations.graphql_document import Document, wrong
from osler.gateway.fhir.operations.graphql_elements import filtered, fits, found, named, said
from osler.gateway.fhir.tree import tree
from osler.platform.access import may, require
from osler.platform.context import Context
from osler.platform.errors import Gone, NotFound
from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.fhir.elements import PRIMITIVES
from osler.platform.store.search import MOST_COUNT, Page

MOST_READS = 2000
MOST_SEARCHES = 100
REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z")
JSON = dict[str, Any]


@dataclass(slots=True)
class Runner:
    """One query under way."""

    ctx: Context
    call: Call
    document: Document
    reads: int = 0
    searches: int = 0
    known: dict[tuple[str, str], asyncio.Task[JSON | None]] = field(default_factory=dict)

    async def system(self, selected: SelectionSetNode) -> JSON:
        """A query over the system: `Patient(id: "1")`, `PatientList(name: "x")`, `PatientConnection(…)`."""
        answer: JSON = {}
        fields = list(self.document.fields(selected, "Query"))
        values = await together([self.root(each) for each in fields])
        for each, value in zip(fields, values, strict=True):
            put(answer, key_of(each), value, many=False)
        return answer

    async def root(self, node: FieldNode) -> Any:
        """One field of a system query."""
        name = node.name.value
        if name in TYPE_CODE:
            arguments = self.document.arguments(node)
            if set(arguments) != {"id"}:
                raise wrong(f"{name} is asked for by its id; lists are {name}List")
            require(self.ctx, "read", name)
            check(self.document, below(node), name)
            self.count_read()
            stored = await self.ctx.store.read(self.ctx, name, said(arguments["id"]))
            return await self.resource(tree(stored.content), below(node))
        if name == "__typename":
            return "Query"
        listed = LISTS.match(name)
        if listed is None or listed[1] not in TYPE_CODE:
            raise wrong("A query over the system begins with a type, such as Patient(id:), PatientList or PatientConnection", "not-found")
        return await self.listed(node, listed[1], listed[2], None)

    async def resource(self, resource: JSON, selected: SelectionSetNode) -> JSON:
        """A selection of a whole resource."""
        answer: JSON = {}
        await self.select(resource, str(resource["resourceType"]), selected, answer, resource, many=False, suffix="")
        return answer

    async def select(self, holder: JSON, kind: str, selected: SelectionSetNode, into: JSON, root: JSON, *, many: bool, suffix: str) -> None:
        """The fields of one element, into `into`; `many` and `suffix` come from a @flatten and a @slice above."""
        fields = list(self.document.fields(selected, kind))
        made = await together([self.field(holder, kind, each, root) for each in fields])
        for each, values in zip(fields, made, strict=True):
            await self.place(each, values, into, root, many=many, suffix=suffix)

    async def field(self, holder: JSON, kind: str, node: FieldNode, root: JSON) -> Any:
        """What a field stands for: values with their types, or the finished answer of a list or a reference."""
        name = node.name.value
        arguments = self.document.arguments(node)
        if kind == "Reference" and name == "resource":
            target = await self.resolved(holder, arguments, root)
            return ([] if target is None else [(target, str(target["resourceType"]))]), False
        listed = LISTS.match(name)
        if listed is not None and listed[1] in TYPE_CODE and holder is root:
            return await self.listed(node, listed[1], listed[2], root)
        values = found(holder, kind, name)
        return (filtered(values.values, arguments) if arguments else values.values), values.many

    async def place(self, node: FieldNode, made: Any, into: JSON, root: JSON, *, many: bool, suffix: str) -> None:
        """Put a field's values where they belong, as its directives say."""
        if not isinstance(made, tuple):
            put(into, key_of(node) + suffix, made, many=False)
            return
        values, is_list = made
        first, flat, alone = (self.document.directive(node, name) is not None for name in ("first", "flatten", "singleton"))
        sliced = self.document.directive(node, "slice")
        if first:
            values = values[:1]
        many_here = (is_list or many) and not alone
        if is_list and not values and not flat:
            return
        for place, (value, kind) in enumerate(values):
            ending = suffix + (self.slice_of(sliced, value, kind, place) if sliced is not None else "")
            inside = value if isinstance(value, dict) and stands_alone(value, root) else root
            if kind in PRIMITIVES:
                if node.selection_set is not None:
                    raise wrong(f"{node.name.value} is a value and has no fields")
                put(into, key_of(node) + ending, value, many=many_here)
            elif flat:
                await self.select(value, kind, below(node), into, inside, many=(is_list and not first) or many, suffix=ending)
            else:
                child: JSON = {}
                await self.select(value, kind, below(node), child, inside, many=False, suffix="")
                put(into, key_of(node) + ending, child, many=many_here)

    def slice_of(self, sliced: JSON, value: Any, kind: str, place: int) -> str:
        """What a slice is called: the value at its path, or its number."""
        path = sliced.get("path", sliced.get("fhirpath"))
        if path == "$index":
            return f".{place}"
        if not isinstance(path, str):
            raise wrong('@slice needs path: FHIRPath, or "$index"')
        check_path(path)
        ending = named((value, kind), path)
        return f".{ending}" if ending else ""

    async def resolved(self, reference: JSON, arguments: JSON, root: JSON) -> JSON | None:
        """The record a reference names. What the actor may not read is as if it were not there. https://hl7.org/fhir/R4/graphql.html#ref"""
        for name in arguments:
            if name not in ("optional", "type"):
                raise wrong("resource takes optional and type")
        optional, wanted = arguments.get("optional", False) in (True, "true"), arguments.get("type")
        text = str(reference.get("reference", "")).removeprefix(self.call.base + "/")
        target: JSON | None = None
        if text.startswith("#"):
            target = next((one for one in root.get("contained", []) if f"#{one.get('id')}" == text), None)
        elif named := REFERENCE.match(text):
            if wanted is not None and named[1] != said(wanted):
                return None
            target = await self.record(named[1], named[2])
        if target is None and not optional:
            raise NotFound("A reference of the query leads to no record; say resource(optional: true) where that may be")
        if target is not None and wanted is not None and target["resourceType"] != said(wanted):
            return None
        return target

    async def record(self, kind: str, id_: str) -> JSON | None:
        """A record, read once however often it is referred to."""
        if kind not in TYPE_CODE or not may(self.ctx.actor, "read", kind):
            return None
        if (kind, id_) not in self.known:
            self.count_read()
            self.known[kind, id_] = asyncio.ensure_future(self.read(kind, id_))
        return await self.known[kind, id_]

    async def read(self, kind: str, id_: str) -> JSON | None:
        """One read through the store."""
        try:
            resource: JSON = tree((await self.ctx.store.read(self.ctx, kind, id_)).content)
        except (NotFound, Gone):
            return None
        return resource

    async def listed(self, node: FieldNode, kind: str, form: str, about: JSON | None) -> Any:
        """A search: a list of resources, or a connection with pages. `about`: the record at hand, for `_reference`."""
        require(self.ctx, "search", kind)
        if about is None:
            check(self.document, SelectionSetNode(selections=(node,)), kind)
        self.searches += 1
        if self.searches > MOST_SEARCHES:
            raise wrong(f"The query runs over {MOST_SEARCHES} searches", "too-costly")
        arguments = self.document.arguments(node)
        path = arguments.pop("fhirpath", None)
        criteria = self.criteria(kind, arguments, about)
        counted = form == "Connection" and any(each.name.value == "count" for each in self.document.fields(below(node), "Connection"))
        if counted:
            criteria.append(("_total", "accurate"))
        whole = form == "List" and "_count" not in arguments
        if whole:
            criteria.append(("_count", str(MOST_COUNT)))
        known = await self.ctx.store.parameters.known(self.ctx.tenant.key)
        page = await self.ctx.store.search(self.ctx, searching.query_of(self.call, kind, criteria, parameters_of=known))
        self.reads += len(page.matches)
        if self.reads > MOST_READS or (whole and page.next is not None):
            raise wrong(f"More records match than a list may answer; ask for {kind}Connection, page by page", "too-costly")
        trees = [tree(stored.content) for stored in page.matches]
        if path is not None:
            check_path(path)
            trees = [one for one in trees if fits((one, kind), path)]
        if form == "List":
            return await together([self.resource(one, below(node)) for one in trees])
        return await self.connection(node, page, trees)

    async def connection(self, node: FieldNode, page: Page, trees: list[JSON]) -> JSON:
        """A page with its cursors and edges. https://hl7.org/fhir/R4/graphql.html#searching"""
        answer: JSON = {}
        for each in self.document.fields(below(node), "Connection"):
            name = each.name.value
            pages = {"count": page.total, "next": page.next, "previous": page.prev, "first": page.first, "pagesize": len(page.matches)}
            value = await together([self.edge(each, one) for one in trees]) if name == "edges" else pages.get(name)
            if value is not None:
                put(answer, key_of(each), value, many=False)
        return answer

    async def edge(self, node: FieldNode, resource: JSON) -> JSON:
        """One match."""
        answer: JSON = {}
        for each in self.document.fields(below(node), "Edge"):
            name = each.name.value
            if name == "resource":
                put(answer, key_of(each), await self.resource(resource, below(each)), many=False)
            elif name == "mode":
                put(answer, key_of(each), "match", many=False)
        return answer

    def criteria(self, kind: str, arguments: JSON, about: JSON | None) -> list[tuple[str, str]]:
        """A list's arguments as search parameters: `_` stands for the `-` that GraphQL's names cannot hold."""
        known = {code.replace("-", "_"): code for code in search_parameters(kind)}
        found: list[tuple[str, str]] = []
        for name, value in arguments.items():
            if about is not None and name in ("_cursor", "cursor", "id"):
                raise wrong(f"{name} is for a query over the system, not for a list inside a record")
            if name == "cursor":
                found.append(("_cursor", said(value)))
            elif name == "_reference":
                if about is None:
                    raise wrong("_reference speaks of a record at hand")
                code = known.get(said(value).replace("-", "_"))
                if code is None:
                    raise wrong("_reference names no search parameter of that type", "not-found")
                found.append((code, f"{about['resourceType']}/{about['id']}"))
            else:
                said_ = ",".join(map(said, value)) if isinstance(value, list) else said(value)
                found.append((known.get(name, name), said_))
        return found

    def count_read(self) -> None:
        """One more record."""
        self.reads += 1
        if self.reads > MOST_READS:
            raise wrong(f"The query reads over {MOST_READS} records", "too-costly")


async def together(work: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Do it side by side, so that reads share statements; the first refusal ends the others."""
    if len(work) < 2:
        return [await one for one in work]
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def stands_alone(value: JSON, root: JSON) -> bool:
    """A resource of its own; what is contained refers to its neighbours through the record around it."""
    return "resourceType" in value and not any(value is one for one in root.get("contained", []))


def below(node: FieldNode) -> SelectionSetNode:
    """The fields of a field. Raises `Malformed` when it has none."""
    if node.selection_set is None:
        raise wrong(f"{node.name.value} needs fields of its own")
    return node.selection_set


def key_of(node: FieldNode) -> str:
    """The name of a field in the answer."""
    return node.alias.value if node.alias else node.name.value


def put(into: JSON, key: str, value: Any, *, many: bool) -> None:
    """Add a value. Two values where one was promised are refused."""
    if many:
        held = into.setdefault(key, [])
        if not isinstance(held, list):
            raise wrong(f"{key} is asked for as a list and as a single value")
        held.append(value)
    elif key in into:
        raise wrong(f"{key} has more than one value here; leave @singleton away, or give one of them an alias", "multiple-matches")
    else:
        into[key] = value
