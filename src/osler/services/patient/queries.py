"""The search box's one statement: candidates from the most telling word's index, the other words as probes of it.

Every way in is an index range that ends after a page's worth of hits, so the cost does not grow with the number of patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import orjson

from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, fold, parameter_key
from osler.platform.fhir.index_values import phone_digits
from osler.platform.store.reading_sql import HEAD, logged

NAME, IDENTIFIER = parameter_key("Patient", "name"), parameter_key("Patient", "identifier")
PHONE, BIRTH_DATE = parameter_key("Patient", "phone"), parameter_key("Patient", "birthdate")
LAST = "\U0010ffff"
ROWS_OF_A_NAME = 4
"""A patient has up to so many name rows that begin with the same letters: given, family, whole name, former ones."""
MOST_CANDIDATES = 50_000


SHORTEST_NUMBER = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the search box says: words of the name, numbers (each with the day it may also mean) and a birth date, all of which must fit."""

    names: Sequence[str]
    numbers: Sequence[tuple[str, date | None]]
    born: date | None


@dataclass(slots=True)
class Parameters:
    """The statement's own parameters, behind the first fourteen."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any, kind: str) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values) + 14}::{kind}"


@dataclass(frozen=True, slots=True)
class Hit:
    """One patient found: the record and the start of the latest visit."""

    content: bytes
    last_visit: datetime | None


@dataclass(frozen=True, slots=True)
class Hits:
    """The patients found; `more` when there are others, or may be."""

    patients: list[Hit]
    more: bool


async def patients_like(ctx: Context, asked: Asked, typed: str, first: int, *, visits: bool) -> Hits:
    """The first patients whom the search fits, with their latest visit; audited with what was typed and who was found."""
    parameters = Parameters()
    picked, deep = candidates(asked, parameters)
    sql = statement(ctx.store.schema_of("Encounter"), picked, deep)
    now = ctx.clock.now()
    detail = orjson.dumps({"search": typed}).decode()[:-1]
    arguments = (ctx.actor.id, ctx.request_id, TYPE_CODE["Patient"], first + 1, now, detail, visits, TYPE_CODE["Encounter"])
    rows = await ctx.store.kernel.ledger.run(ctx.tenant.key, now, 1, sql, now, "S", *arguments, *parameters.values)
    unpack = ctx.store.kernel.codec.unpack
    hits = [Hit(unpack(row["codec"], row["content"]), row["last_visit"]) for row in rows if row["rid"] is not None]
    return Hits(hits[:first], len(hits) > first or bool(rows[0]["deep"]))


@cache
def statement(encounters: str, picked: str, deep: str) -> str:
    """`$9`-`$14`: rtype, limit, now, what was typed, whether visits may be seen, rtype of visits.

    Each record is looked up by itself (`offset 0`; a Patient's `prid` is its own number): on tables not analyzed yet the planner
    would rather walk all patients.
    """
    nobody = "(select 0::int8 as prid, 0 as version) as nobody"
    detail = "$12::text || ',\"ids\":' || coalesce((select json_agg(id order by n) from found), '[]')::text || '}'"
    return f"""with picked as materialized (
{picked}
), found as materialized (
  select p.n, r.rid, r.id, r.codec, r.content, case when $13::bool then (
      select e.d from {encounters}.resource e
      where e.tenant = $1 and e.prid = r.rid and e.rtype = $14::int2 and not e.deleted and e.d <= $11 and e.d > '0001-01-02'
      order by e.d desc limit 1) end as last_visit
  from picked p cross join lateral (
    select rid, id, codec, content from patient.resource
    where tenant = $1 and prid = p.rid and rtype = $9::int2 and rid = p.rid and not deleted offset 0) r
), {logged(nobody, "200::int2", rtype="$9::int2", id="''", detail=detail)}
select found.*, {deep} as deep, {HEAD} as head from (select 1) as one left join found on true order by n"""


def candidates(asked: Asked, parameters: Parameters) -> tuple[str, str]:
    """The select that picks rid and n (rank), and the one that says whether it had to stop looking."""
    names = sorted((fold(name) for name in asked.names), key=len, reverse=True)
    numbers = asked.numbers
    if not names and not numbers and asked.born is None:
        return (
            """select rid, row_number() over (order by updated desc, rid) as n from patient.resource
  where tenant = $1 and rtype = $9 and not deleted order by updated desc, rid limit $10""",
            "false",
        )
    born = asked.born
    probes = [f"exists ({having_number(*number, parameters, PROBED)})" for number in numbers[1:]]
    probes += [f"exists ({named(name, parameters, PROBED)})" for name in (names if numbers or born else names[1:])]
    if numbers:
        way_in = having_number(*numbers[0], parameters)
        probes += [f"exists ({born_on(born, parameters, PROBED)})"] if born else []
    else:
        way_in = born_on(born, parameters) if born else named(names[0], parameters)
    looked = f"(select * from ({way_in}) s order by s.val, s.d, s.rid limit {MOST_CANDIDATES})"
    picked = f"""  select rid, row_number() over (order by min(val), rid) as n from (
    select c.rid, c.val from {looked} c where {" and ".join(probes) or "true"} order by c.val, c.d, c.rid limit $10 * {ROWS_OF_A_NAME}) hits
  group by rid order by min(val), rid limit $10"""
    deep = f"((select count(*) from picked) < $10 and exists ({way_in} offset {MOST_CANDIDATES}))" if probes else "false"
    return picked, deep


PROBED = " and s.rid = c.rid"
"""Appended to a way in, it asks whether the candidate fits that, too."""


def named(word: str, parameters: Parameters, probed: str = "") -> str:
    """Patients with a name part that begins so."""
    low, high = parameters.add(word, "text"), parameters.add(word + LAST, "text")
    return f"""select s.rid, s.val, s.d from patient.idx_string s
  where s.tenant = $1 and s.key = {NAME} and s.val >= {low} and s.val < {high}{probed}"""


def born_on(day: date, parameters: Parameters, probed: str = "") -> str:
    """Patients born on this day."""
    start = datetime.combine(day, time(), UTC)
    low, high = parameters.add(start, "timestamptz"), parameters.add(start + timedelta(days=1), "timestamptz")
    return f"""select s.rid, ''::text collate "C" as val, s.d from patient.idx_date s
  where s.tenant = $1 and s.key = {BIRTH_DATE} and s.lo >= {low} and s.lo < {high} and s.hi <= {high}{probed}"""


def having_number(typed: str, day: date | None, parameters: Parameters, probed: str = "") -> str:
    """Patients with exactly this identifier, or a phone number that begins or ends with these digits, or this day of birth."""
    texts = parameters.add(list(dict.fromkeys((typed, typed.upper(), typed.lower()))), "text[]")
    ways = [
        f"""select s.rid, s.val, s.d from patient.idx_ident s
  where s.tenant = $1 and s.key = {IDENTIFIER} and s.val = any({texts}){probed}"""
    ]
    digits = phone_digits(typed)
    if len(digits) >= SHORTEST_NUMBER and not any(char.isalpha() for char in typed):
        for text in (digits, "-" + digits[::-1]):
            low, high = parameters.add(text, "text"), parameters.add(text + LAST, "text")
            ways.append(f"""(select s.rid, s.val, s.d from patient.idx_string s
    where s.tenant = $1 and s.key = {PHONE} and s.val >= {low} and s.val < {high}{probed}
  order by s.val, s.d, s.rid limit {MOST_CANDIDATES})""")
    if day is not None:
        ways.append(born_on(day, parameters, probed))
    return " union all ".join(ways)
