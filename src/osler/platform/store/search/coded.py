"""`:in`, `:not-in`, `:below` and `:above` of tokens: which codes are meant is looked up before the search runs.

The look-up waits for the database and a statement is written without waiting, so a statement that needs codes nobody has looked up
says so (`Unexpanded`), they are fetched (`Lexicon.codes`), and it is written again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from osler.platform.errors import Issue, Unsupported
from osler.platform.fhir import TYPE_CODE, SearchParameter, code_value, parameter_key, reference_value, system_value
from osler.platform.fhir.terminologies import Codes, CodeSystem, TooCostly, imports, written_out
from osler.platform.fhir.value_sets import Expansion, codes_of
from osler.platform.store.codec import Codec
from osler.platform.store.search import values
from osler.platform.store.search.predicates import keyed
from osler.platform.store.search.query import NEVER, Condition, Special
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source
from osler.platform.store.search.values import unknown

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Asked

Relation = Literal["in", "not-in", "below", "above"]
Fetch = Callable[..., Awaitable[list[Any]]]
"""`fetch(sql, *arguments)`: `$1` is the tenant already."""
DEEPEST = 20
"""Value sets that import value sets."""
MOST_HELD = 64
FEW = 20
"""Codes that are probed one by one; more are found once for all rows."""


class Need(msgspec.Struct, frozen=True):
    """What is looked up: a value set by its URL, or what lies below or above a code."""

    relation: Literal["in", "below", "above"]
    url: str
    code: str = ""


class Coded(Special, frozen=True):
    """Has a token among the codes that a value set or a hierarchy names."""

    parameter: SearchParameter
    needs: tuple[Need, ...]
    negated: bool = False

    def probe(self, scope: Scope) -> str:
        """A few codes by the record's own rows; many by all rows that have one, read once."""
        here, systems = self._numbers(scope)
        parts = ["false"]
        if here:
            listed, where = self._listed(here, scope), f"p.tenant = $1 and {keyed('p', self.parameter, scope)}"
            same = f"{listed} v join {scope.table('idx_token')} p on p.val = v.val and p.sys = v.sys where {where}"
            if len(here) <= FEW:
                parts.append(f"exists (select 1 from {same} and {scope.same_row()} offset 0)")
            else:
                parts.append(f"{scope.row}.rid in (select p.rid from {same})")
        if systems:
            where = f"p.tenant = $1 and {keyed('p', self.parameter, scope)} and p.sys = any({scope.add(systems, 'int4[]')})"
            parts.append(f"{scope.row}.rid in (select p.rid from {scope.table('idx_token')} p where {where})")
        found = f"({' or '.join(parts)})"
        return f"not {found}" if self.negated else found

    def rank(self, in_record: bool) -> int:
        """As a list of codes."""
        return NEVER if self.negated else 12

    def source(self, scope: Scope) -> Source:
        """The rows of each code; a whole system is found among all rows of the parameter."""
        here, systems = self._numbers(scope)
        table, key = scope.table("idx_token"), keyed("t", self.parameter, scope)
        walk = f"select t.rid, t.prid, t.d from {table} t where t.tenant = $1 and {key} and t.val = v.val and t.sys = v.sys"
        parts = [f"select t.rid, t.prid, t.d from {self._listed(here, scope)} v cross join lateral ({walk} offset 0) t"]
        if systems:
            key, wanted = keyed("t", self.parameter, scope), scope.add(systems, "int4[]")
            parts.append(f"select t.rid, t.prid, t.d from {table} t where t.tenant = $1 and {key} and t.sys = any({wanted})")
        return Source(f"({' union all '.join(parts)}) x", (), None, self)

    def _listed(self, here: list[tuple[int, int]], scope: Scope) -> str:
        codes, systems = scope.add([code for code, _ in here], "int8[]"), scope.add([system for _, system in here], "int4[]")
        return f"(select * from unnest({codes}, {systems}) as v(val, sys))"

    def _numbers(self, scope: Scope) -> tuple[list[tuple[int, int]], list[int]]:
        """The codes as the index has them: an element of type code carries no system."""
        found = Codes()
        for need in self.needs:
            found.add(scope.world.coded(need))
        own = self.parameter.system
        if own:
            pairs = {(code_value(code), 0) for system, code in found.pairs if system == own}
            return sorted(pairs), [0] if own in found.systems else []
        pairs = {(code_value(code), system_value(system)) for system, code in found.pairs}
        return sorted(pairs), sorted(system_value(system) for system in found.systems)


def coded(asked: Asked) -> Condition:
    """`code:in=URL`, `code:below=system|code`."""
    parameter, relation = asked.parameter, asked.modifier
    if parameter.identifies or parameter.folds:
        raise unknown(asked.name, asked.reading.type, f"has no modifier :{relation}: its values are no codes")
    needs = []
    for part in asked.alternatives():
        if relation in ("in", "not-in"):
            needs.append(Need("in", values.unescape(part)))
            continue
        code, system = values.code_and_system(asked.name, part)
        system = system or parameter.system
        if not code or not system:
            raise values.bad(asked.name, "is not system|code: a hierarchy belongs to a code system")
        needs.append(Need("above" if relation == "above" else "below", system, code))
    return Coded(parameter, tuple(needs), relation == "not-in")


class Lexicon:
    """Looks codes up in the tenant's own ValueSet and CodeSystem resources, then among the shipped value sets; keeps what it has read."""

    def __init__(self, schema_of: Callable[[str], str], codec: Codec) -> None:
        self._schema_of = schema_of
        self._codec = codec
        self._read: OrderedDict[tuple[int, int, int], Mapping[str, Any]] = OrderedDict()
        self._systems: OrderedDict[tuple[int, int, int], CodeSystem] = OrderedDict()

    async def codes(self, need: Need, tenant: int, seen: frozenset[str], fetch: Fetch) -> Codes:
        """What a condition needs. Raises `Unsupported` for codes that cannot be told."""
        return await _LookUp(self, tenant, seen, fetch).codes(need)

    async def body(self, kind: str, url: str, tenant: int, fetch: Fetch) -> tuple[tuple[int, int, int], Mapping[str, Any]] | None:
        """The newest stored ValueSet or CodeSystem of this URL (and version, where one is named)."""
        bare, _, version = url.partition("|")
        schema = self._schema_of(kind)
        sql = f"""select r.rid, r.version, r.codec, r.content from {schema}.resource r
  where r.tenant = $1 and r.rtype = $2 and not r.deleted
    and r.rid in (select rid from {schema}.idx_token where tenant = $1 and key = $3 and val = $4) order by r.updated desc"""
        for row in await fetch(sql, TYPE_CODE[kind], parameter_key(kind, "url"), reference_value(bare)):
            key = (tenant, row["rid"], row["version"])
            found = self._read.get(key)
            if found is None:
                found = msgspec.json.decode(self._codec.unpack(row["codec"], row["content"]))
                _keep(self._read, key, found)
            if found.get("url") == bare and (not version or found.get("version") == version):
                return key, found
        return None

    def system(self, key: tuple[int, int, int], body: Mapping[str, Any]) -> CodeSystem:
        """A code system as a hierarchy."""
        found = self._systems.get(key)
        if found is None:
            found = CodeSystem.read(body)
            _keep(self._systems, key, found)
        return found


def _keep(held: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    held[key] = value
    while len(held) > MOST_HELD:
        held.popitem(last=False)


class _LookUp:
    """One look-up: what has been fetched for it."""

    def __init__(self, lexicon: Lexicon, tenant: int, seen: frozenset[str], fetch: Fetch) -> None:
        self._lexicon = lexicon
        self._tenant = tenant
        self._seen = seen
        self._fetch = fetch
        self._sets: dict[str, Codes] = {}
        self._systems: dict[str, CodeSystem | None] = {}

    async def codes(self, need: Need) -> Codes:
        """What is needed. Raises `Unsupported`."""
        try:
            if need.relation == "in":
                return await self._value_set(need.url, 0)
            system = await self._system(need.url)
            if system is None:
                raise TooCostly("a code system that is not stored here")
            here = system.descendants(need.code) if need.relation == "below" else system.ancestors(need.code)
            return Codes({(need.url, code) for code in here})
        except TooCostly as error:
            message = f"The modifier :{need.relation} needs {error}"
            raise Unsupported(message, [Issue("not-supported", message)]) from None

    async def _value_set(self, url: str, depth: int) -> Codes:
        found = self._sets.get(url)
        if found is not None:
            return found
        if depth > DEEPEST:
            raise TooCostly("value sets that import each other without end")
        stored = await self._lexicon.body("ValueSet", url, self._tenant, self._fetch) if "ValueSet" in self._seen else None
        if stored is None:
            shipped = codes_of(url.partition("|")[0])
            if shipped is None:
                raise TooCostly("a value set that is not known here")
            found = as_codes(shipped)
        else:
            sets, systems = imports(stored[1])
            for other in sets:
                await self._value_set(other, depth + 1)
            for system in systems:
                await self._system(system)
            found = written_out(stored[1], self._sets.__getitem__, self._systems.get)
        self._sets[url] = found
        return found

    async def _system(self, url: str) -> CodeSystem | None:
        if url not in self._systems:
            stored = await self._lexicon.body("CodeSystem", url, self._tenant, self._fetch) if "CodeSystem" in self._seen else None
            self._systems[url] = None if stored is None else self._lexicon.system(*stored)
        return self._systems[url]


def as_codes(shipped: Expansion) -> Codes:
    """A shipped value set."""
    found = Codes()
    for system, codes in shipped.items():
        found.add(Codes({(system, code) for code in codes}) if codes else Codes(systems={system}))
    return found
