"""How profiles bind what a tenant writes, and the definitions it validates by; every process follows a change within seconds.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

import gzip
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from osler.platform.context import Context
from osler.platform.errors import Invalid, Issue
from osler.platform.fhir import TYPE_CODE, Parsed
from osler.platform.store.codec import Codec
from osler.platform.store.connections import Connections, Session
from osler.platform.store.owners import Owners
from osler.platform.validation import Definitions, Options, accepts, validate

Mode = Literal["off", "warn", "enforce"]
FRESH = 2.0
"""Seconds for which a process trusts what it knows."""
MOST_RESOURCES = 1000
"""StructureDefinitions, ValueSets and CodeSystems a tenant keeps as records, that are used."""
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
ON_WRITE = Options(observations=False)
"""R4's own rules are checked by the reading of the resource already; what it leaves open is not made stricter."""
SEVERITIES = ("fatal", "error", "warning")
"""What of an answer is told on a write, the gravest first."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_STATE = "select tenant, changed, mode, claimed, defaults::text as defaults from kernel.validation where tenant = any($1::int4[])"
_BODIES = "select kind, url, version, body from kernel.definition where tenant = any($1::int4[]) order by tenant, loaded"


@dataclass(slots=True)
class Policy:
    """`claimed`: the profiles that a resource claims are checked; `defaults`: profiles for every resource of a type."""

    mode: Mode = "off"
    claimed: bool = True
    defaults: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Known:
    policy: Policy
    definitions: Definitions
    changed: tuple[Any, ...]
    looked: float


class Profiles:
    """What this process knows of each tenant's policy and definitions."""

    def __init__(self, connections: Connections, owners: Owners, codec: Codec) -> None:
        self._connections = connections
        self._owners = owners
        self._codec = codec
        self._known: dict[int, _Known] = {}

    async def check(self, ctx: Context, parsed: Parsed) -> tuple[Issue, ...]:
        """The issues a resource has with its profiles, where the tenant wants them told. Raises `Invalid` where it enforces them."""
        known = await self._of(ctx.tenant.key)
        policy = known.policy
        if policy.mode == "off":
            return ()
        urls = policy.defaults.get(parsed.type, ())
        if policy.claimed:
            meta = parsed.resource.meta
            urls = (*urls, *[u for u in (meta.profile or () if meta is not None else ()) if u is not None and u not in urls])
        if not urls or accepts(parsed.body, parsed.type, urls, known.definitions):
            return ()
        issues = validate(parsed.body, profiles=urls, definitions=known.definitions, options=ON_WRITE)
        if not any(i.severity in ("error", "fatal") for i in issues):
            return ()
        told = sorted((i for i in issues if i.severity in SEVERITIES), key=lambda i: SEVERITIES.index(i.severity))
        found = tuple(Issue(i.code, i.diagnostics, i.expression, i.severity) for i in told)
        if policy.mode == "enforce":
            raise Invalid("The resource does not keep its profile", list(found))
        return found

    async def definitions(self, ctx: Context) -> Definitions:
        """What the tenant's resources are validated by now."""
        return (await self._of(ctx.tenant.key)).definitions

    async def policy(self, ctx: Context) -> Policy:
        """The tenant's policy now."""
        return (await self._of(ctx.tenant.key)).policy

    async def _of(self, tenant: int) -> _Known:
        known = self._known.get(tenant)
        now = time.monotonic()
        if known is not None and now - known.looked < FRESH:
            return known
        async with self._connections.lend(tenant) as session:
            state = await session.fetch(_STATE, [0, tenant])
            records = await self._records(session, tenant)
            changed = (*sorted((r["tenant"], r["changed"]) for r in state), *records)
            if known is not None and known.changed == changed:
                known.looked = now
                return known
            definitions = await self._load(session, tenant)
        own = next((r for r in state if r["tenant"] == tenant), None)
        policy = Policy() if own is None else Policy(own["mode"], own["claimed"], _defaults(own["defaults"]))
        self._known[tenant] = _Known(policy, definitions, changed, now)
        return self._known[tenant]

    async def _records(self, session: Session, tenant: int) -> list[tuple[Any, ...]]:
        """How many definitions the tenant keeps as records, and when the last of them changed."""
        found: list[tuple[Any, ...]] = []
        for schema, types in self._schemas().items():
            sql = f"select count(*), max(updated) from {schema}.resource where tenant = $1 and rtype = any($2::int2[])"  # noqa: S608
            found.append(tuple((await session.fetch(sql, tenant, types))[0]))
        return found

    async def _load(self, session: Session, tenant: int) -> Definitions:
        packed: dict[str, bytes] = {}
        for row in await session.fetch(_BODIES, [0, tenant]):
            packed[f"{row['kind']} {row['url']}"] = packed[f"{row['kind']} {row['url']}|{row['version']}"] = row["body"]
        own: list[dict[str, Any]] = []
        for schema, types in self._schemas().items():
            sql = (
                f"select rtype, codec, content from {schema}.resource "  # noqa: S608
                f"where tenant = $1 and rtype = any($2::int2[]) and not deleted order by updated desc limit {MOST_RESOURCES}"
            )
            rows = await session.fetch(sql, tenant, types)
            own += [msgspec.json.decode(self._codec.unpack(row["codec"], row["content"])) for row in rows]
        return Definitions([r for r in reversed(own) if r.get("resourceType") in KINDS], packed)

    def _schemas(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for kind in KINDS:
            found.setdefault(self._owners.schema_of(kind), []).append(TYPE_CODE[kind])
        return found


def _defaults(text: str) -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = msgspec.json.decode(text, type=dict[str, list[str]])
    return {name: tuple(urls) for name, urls in table.items() if name in TYPE_CODE}


def packed(resource: dict[str, Any]) -> bytes:
    """A definition as it lies in its row: without its narrative and what only people read."""
    kept = {
        name: value for name, value in resource.items() if name not in ("text", "contact", "description", "purpose", "copyright", "mapping")
    }
    for part in ("snapshot", "differential"):
        if isinstance(kept.get(part), dict):
            kept[part] = {"element": [_terse(e) for e in kept[part].get("element", [])]}
    return gzip.compress(_ENCODER.encode(kept), 6, mtime=0)


def _terse(element: dict[str, Any]) -> dict[str, Any]:
    dropped = ("definition", "comment", "requirements", "alias", "mapping", "example", "short", "isModifierReason")
    return {name: value for name, value in element.items() if name not in dropped}
