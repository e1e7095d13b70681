"""The search parameters a tenant has added: active SearchParameter resources with a FHIRPath expression.

New writes are indexed at once, by the expression; records that were there before by a reindex (`fill`), and until that has ended a
search by the parameter is refused. Every process looks again after a second, so a reindex begins a little later than that.
https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, cast

import msgspec

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.errors import Invalid, Issue
from osler.platform.fhir import TYPE_CODE, TYPES, IndexRows, Parsed, SearchParameter, parameter_key, search_parameters
from osler.platform.fhir.elements import PRIMITIVES
from osler.platform.fhir.generated import datatypes
from osler.platform.fhir.index import value_extractor
from osler.platform.fhir.search_parameters import Kind
from osler.platform.fhirpath import Environment, Expression, FhirPathProblem, compile  # noqa: A004 - what it does
from osler.platform.jobs import enqueue
from osler.platform.store.codec import Codec
from osler.platform.store.connections import Connections
from osler.platform.store.owners import Owners
from osler.platform.store.rows import Indexed

FRESH = 1.0
"""Seconds for which a process trusts what it knows."""
SETTLED = 3 * FRESH
"""Seconds after a change when every process has learned of it."""
AGAIN = 60.0
"""Seconds after which the work is asked for once more."""
JOB = "exchange.search-parameters"
KINDS = frozenset({"token", "reference", "string", "date", "number", "quantity", "uri"})
CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]{0,63}")
MOST_STEPS = 20_000
"""Of one expression over one record; a record that takes more has no value."""
MOST_ROWS = 200
"""Values of one parameter in one record."""
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_TARGET = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:$|/)")
Own = Mapping[str, Mapping[str, "Custom"]]
"""type -> code -> the tenant's own parameter."""
ParametersOf = Callable[[str], Mapping[str, SearchParameter]]
KNOWN = """select r.id, r.version, r.updated, r.codec, r.content, p.version as ready from {schema}.resource r
  left join kernel.parameter_ready p on p.tenant = $1 and p.id = r.id
  where r.tenant = $1 and r.rtype = $2 and not r.deleted order by r.id"""
LEFT = """select p.id, p.keys from kernel.parameter_ready p where p.tenant = $1 and not exists (
  select 1 from {schema}.resource r where r.tenant = $1 and r.rtype = $2 and r.id = p.id and r.version = p.version and not r.deleted)"""


@dataclass(frozen=True, slots=True)
class Custom:
    """One parameter of one type, as a tenant has defined it."""

    id: str
    version: int
    updated: float
    parameter: SearchParameter
    expression: Expression

    def rows(self, body: Any, rows: IndexRows) -> None:
        """Add the search rows of a record's values."""
        adders = (
            rows.tokens.append,
            rows.strings.append,
            rows.idents.append,
            rows.dates.append,
            rows.quantities.append,
            rows.texts.append,
        )
        try:
            nodes = self.expression.evaluate(body, Environment(resolve=_named, most_steps=MOST_STEPS))
        except FhirPathProblem:
            return
        for node in nodes[:MOST_ROWS]:
            datatype = _FHIR.get(node.type, node.type)
            extract = value_extractor(self.parameter.kind, datatype, self.parameter.key)
            if extract is None or node.value is None:
                continue
            try:
                value = node.value if datatype in PRIMITIVES else msgspec.convert(node.value, getattr(datatypes, datatype))
                extract(value, *adders)
            except (ValueError, TypeError, AttributeError):
                continue  # a value that an expression computed and that has no such form


_FHIR = {
    "System.String": "string",
    "System.Boolean": "boolean",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.Date": "date",
    "System.DateTime": "dateTime",
}
"""What an expression computes, as the element type it would be."""


def _named(reference: str) -> Any:
    """As much of a record as its address tells: `resolve() is Patient` needs its type only."""
    found = _TARGET.search(reference)
    return {"resourceType": found[1]} if found and found[1] in TYPE_CODE else None


@dataclass(slots=True)
class _Held:
    own: Own = field(default_factory=dict)
    looked: float = -1.0
    asked: float = -AGAIN
    left: tuple[str, ...] = ()


class Parameters:
    """What this process knows of each tenant's own parameters, and the search rows they make."""

    def __init__(self, connections: Connections, owners: Owners, codec: Codec) -> None:
        self._connections = connections
        self._owners = owners
        self._codec = codec
        self._held: dict[int, _Held] = {}

    async def known(self, tenant: int) -> ParametersOf:
        """Every type's parameters for this tenant: R4's and its own."""
        own = (await self.fresh(tenant)).own
        if not own:
            return search_parameters

        def parameters_of(type_name: str) -> Mapping[str, SearchParameter]:
            here = own.get(type_name)
            if not here:
                return search_parameters(type_name)
            mine = {code: custom.parameter for code, custom in here.items()}
            return MappingProxyType(dict(search_parameters(type_name)) | mine)

        return parameters_of

    async def fresh(self, tenant: int) -> _Held:
        """What there is, looked at again when that is a second old; what has to be done about it is asked for."""
        held = self._held.setdefault(tenant, _Held())
        now = time.monotonic()
        if now - held.looked < FRESH:
            return held
        held.looked = now
        held.own = await self.look(tenant)
        pending = any(custom.parameter.pending for here in held.own.values() for custom in here.values())
        if (pending or held.left) and now - held.asked >= AGAIN:
            held.asked = now
            async with self._connections.lend(tenant) as session:
                await enqueue(session.raw, JOB, tenant, once="fill")
        return held

    async def look(self, tenant: int) -> Own:
        """The tenant's active SearchParameter resources, as they are stored now."""
        schema = self._owners.schema_of("SearchParameter")
        async with self._connections.lend(tenant) as session:
            found = await session.fetch(KNOWN.format(schema=schema), tenant, TYPE_CODE["SearchParameter"])
            left = await session.fetch(LEFT.format(schema=schema), tenant, TYPE_CODE["SearchParameter"])
        self._held.setdefault(tenant, _Held()).left = tuple(row["id"] for row in left)
        own: dict[str, dict[str, Custom]] = {}
        for row in found:
            body = msgspec.json.decode(self._codec.unpack(row["codec"], row["content"]))
            ready = row["ready"] == row["version"]
            for type_name in _bases(body) if body.get("status") == "active" else ():
                custom = _custom(body, type_name, row["id"], row["version"], row["updated"].timestamp(), ready=ready)
                if custom is not None:
                    own.setdefault(type_name, {}).setdefault(custom.parameter.code, custom)
        return own

    def index(self, tenant: int, parsed: Parsed, id: str) -> IndexRows:  # noqa: A002 - FHIR's word
        """All search rows of a resource: R4's, and those of the tenant's own parameters as this process knows them."""
        rows = fhir.index(parsed, parsed.type, id)
        held = self._held.get(tenant)
        own = held.own.get(parsed.type) if held is not None and held.own else None
        if own:
            body = _DECODER.decode(parsed.body)
            body["id"] = id
            for custom in own.values():
                custom.rows(body, rows)
        return rows

    def indexed(self, tenant: int, body: bytes, type: str, id: str) -> Indexed:  # noqa: A002 - FHIR's words
        """The search rows of a stored body, computed again."""
        return Indexed.of(self.index(tenant, fhir.parse(body, type), id))

    def whole(self, tenant: int, body: bytes, type: str, id: str) -> tuple[Indexed, list[tuple[int, str]]]:  # noqa: A002
        """The same with the texts beside it: what a reindex needs."""
        rows = self.index(tenant, fhir.parse(body, type), id)
        return Indexed.of(rows), rows.texts

    async def check(self, ctx: Context, parsed: Parsed, id: str) -> None:  # noqa: A002 - FHIR's word
        """Know what must be indexed for this tenant; refuse a SearchParameter that could not work. Raises `Invalid`."""
        await self.fresh(ctx.tenant.key)
        if parsed.type != "SearchParameter":
            return
        body = msgspec.json.decode(parsed.body)
        if body.get("status") != "active":
            return
        check_definition(body)
        for type_name in _bases(body):
            taken = (await self.look(ctx.tenant.key)).get(type_name, {}).get(body["code"])
            if taken is not None and taken.id != id:
                raise _wrong("code", f"is taken: SearchParameter/{taken.id} defines it for {type_name}")

    def changed(self, tenant: int) -> None:
        """A SearchParameter was written by this process."""
        if (held := self._held.get(tenant)) is not None:
            held.looked = held.asked = -AGAIN


def check_definition(body: Mapping[str, Any]) -> None:
    """Refuse an active SearchParameter that could not be searched by. One that HL7 publishes is a page to read, and changes nothing."""
    published = str(body.get("url", "")).startswith("http://hl7.org/fhir/")
    if CODE.fullmatch(body["code"]) is None:
        raise _wrong("code", "is not a name for a parameter: letters, digits, - and _")
    for place, type_name in enumerate(body["base"]):
        if type_name not in TYPE_CODE:
            raise _wrong(f"base[{place}]", "must name types of resource one by one")
        if not published and body["code"] in search_parameters(type_name):
            raise _wrong("code", f"is a parameter that {type_name} has already; standard parameters cannot be overridden")
    if published:
        return
    if body["type"] not in KINDS:
        raise _wrong("type", f"must be one of {', '.join(sorted(KINDS))}")
    if not body.get("expression"):
        raise _wrong("expression", "is missing: it says where the values are")
    for type_name in body["base"]:
        try:
            compile(body["expression"], type_name)
        except FhirPathProblem as problem:
            raise _wrong("expression", f"cannot be used on {type_name}: {problem}") from None


def _wrong(element: str, why: str) -> Invalid:
    message = f"SearchParameter.{element} {why}"
    return Invalid(message, [Issue("invalid", message, f"SearchParameter.{element}")])


def _bases(body: Mapping[str, Any]) -> Iterable[str]:
    return [name for name in body.get("base", ()) if name in TYPE_CODE]


def _custom(body: Mapping[str, Any], type_name: str, id: str, version: int, updated: float, *, ready: bool) -> Custom | None:  # noqa: A002
    """A parameter of one of its types; None for one that cannot work, which was stored before it was looked at."""
    code, kind = body["code"], body["type"]
    if code in search_parameters(type_name) or kind not in KINDS or not body.get("expression"):
        return None
    try:
        expression = compile(body["expression"], type_name)
    except FhirPathProblem:
        return None
    key = parameter_key(type_name, f"{code}#{id}#{version}")
    targets = tuple(name for name in body.get("target", ()) if name in TYPE_CODE) or (TYPES if kind == "reference" else ())
    parameter = SearchParameter(
        type=type_name,
        code=code,
        kind=cast("Kind", kind),
        key=key,
        keys=(key,),
        expression="",
        targets=targets,
        system="",
        searchable=ready,
        narrows_by_patient=False,
        is_primary_date=False,
        folds=False,
        identifies=False,
        repeats=True,
        pending=not ready,
    )
    return Custom(id, version, updated, parameter, expression)
