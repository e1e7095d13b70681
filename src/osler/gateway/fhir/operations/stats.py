"""$stats: statistics over the measurements of one subject, in one unit. https://hl7.org/fhir/R4/observation-operation-stats.html"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.framing import instant
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.figures import ALIASES, BARE, COUNTS, REGRESSION, SQUARED, STATISTICS, figure, line
from osler.gateway.fhir.operations.lastn import Concept, Dated
from osler.gateway.fhir.operations.operation import JSON, LIST, Operation, Parameter
from osler.gateway.fhir.operations.parameters import parameters, resource
from osler.gateway.fhir.operations.scanning import patient_of, scanned, shown_to
from osler.gateway.fhir.tree import Digits, text
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.fhir import date_range
from osler.platform.fhir.dates import EARLIEST, LATEST
from osler.platform.store import Stored, Transaction
from osler.platform.units import convert

UCUM = "http://unitsofmeasure.org"
CODES = "http://terminology.hl7.org/CodeSystem/observation-statistics"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
MOST_SOURCES = 1000
MOST_CODES = 50
LONGEST = 24 * 366 * 150
"""Hours in a long life."""


class Amount(msgspec.Struct, frozen=True):
    """A Quantity, as far as statistics need it."""

    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Part(msgspec.Struct, frozen=True):
    """One component of a panel."""

    code: Concept = Concept()
    valueQuantity: Amount | None = None  # noqa: N815 - FHIR's spelling


class Member(msgspec.Struct, frozen=True):
    """A reference to a measurement of a panel."""

    reference: str = ""


class Measured(Dated, frozen=True):
    """An Observation, as far as statistics look at it."""

    status: str = ""
    valueQuantity: Amount | None = None  # noqa: N815 - FHIR's spelling
    component: tuple[Part, ...] = ()
    hasMember: tuple[Member, ...] = ()  # noqa: N815 - FHIR's spelling
    modifierExtension: tuple[JSON, ...] = ()  # noqa: N815 - FHIR's spelling


_decoder = msgspec.json.Decoder(Measured)
Code = tuple[str, str]


@dataclass(slots=True)
class Series:
    """The values of one code in one unit, and how many measurements there were in all."""

    unit: Amount | None = None
    values: list[float] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    sources: dict[str, Stored] = field(default_factory=dict)
    measured: int = 0

    def takes(self, amount: Amount, at: datetime, stored: Stored) -> bool:
        """Count a value in, in the unit of the first; False when it cannot be told in that unit."""
        value = amount.value
        if self.unit is None:
            self.unit = amount
        elif amount.code != self.unit.code and value is not None:
            value = convert(value, amount.code or "", self.unit.code or "")
        if value is None:
            return False
        self.values.append(float(value))
        self.times.append(at)
        self.sources[stored.id] = stored
        return True


class Measurements:
    """What was measured, by the code asked for; a panel's values by the codes of its parts."""

    def __init__(self, wanted: Sequence[Code]) -> None:
        self.wanted = wanted
        self.found: dict[Code, list[Series]] = {code: [] for code in wanted}
        self.members: set[str] = set()
        self.seen: set[str] = set()

    def add(self, stored: Stored, *, member: bool = False) -> None:
        """One Observation. A member of a panel counts under its own codes."""
        read = _decoder.decode(stored.content)
        if stored.id in self.seen or read.status in ("entered-in-error", "cancelled") or read.modifierExtension:
            return
        self.seen.add(stored.id)
        own = read.code.names()
        asked = [code for code in self.wanted if matches(code, own)]
        for code in asked or (own[:1] if member else ()):
            if read.valueQuantity is not None or not read.component:
                self.count(code, read.valueQuantity, read, stored)
        for part in read.component:
            names = part.code.names()
            parts = [code for code in self.wanted if matches(code, names)] or (names[:1] if asked or member else [])
            for code in parts:
                self.count(code, part.valueQuantity, read, stored)
        if asked:
            self.members |= {each.reference.partition("/")[2] for each in read.hasMember if each.reference.startswith("Observation/")}

    def count(self, code: Code, amount: Amount | None, read: Measured, stored: Stored) -> None:
        """One value: into the series whose unit it can be told in, or a new one."""
        series = self.found.setdefault(code, [])
        usable = amount is not None and amount.value is not None and amount.comparator is None and amount.system == UCUM and amount.code
        if not usable or amount is None:
            if not series:
                series.append(Series())
            series[0].measured += 1
            return
        for one in [*series, Series()]:
            if one.takes(amount, read.at(), stored):
                one.measured += 1
                if one not in series:
                    series.append(one)
                return


def matches(wanted: Code, names: Iterable[Code]) -> bool:
    """A code asked for without a system is of any."""
    return any(code == wanted[1] and wanted[0] in ("", system) for system, code in names)


async def stats(ctx: Context, call: Call, given: Given) -> Answer:
    """One Observation of statistics for each code."""
    require(ctx, "search", "Observation")
    wanted, chosen, span = codes_of(given), statistics_of(given), span_of(ctx, given)
    subject = given.one("subject").removeprefix(call.base + "/")
    if "/" not in subject:
        raise refused("subject", "subject is a reference such as Patient/123", "value")
    if "," in subject or "|" in subject:
        raise refused("subject", "$stats is about one subject", "value")
    measured = Measurements(wanted)
    async with ctx.transaction() as tx:
        await gather(ctx, tx, call, subject, wanted, span, measured)
        answers = [
            resource("statistics", text(answered(subject, code, series, chosen, span)))
            for code, several in measured.found.items()
            for series in (several or ([Series()] if code in wanted and len(measured.found) == len(wanted) else []))
        ]
        sources = {stored.id: stored for several in measured.found.values() for series in several for stored in series.sources.values()}
        shown = list(sources.values())[: min(given.one("limit") or MOST_SOURCES, MOST_SOURCES)] if given.one("include") else []
        shown_to(ctx, tx, f"$stats of {len(sources)}", "Observation", patient_of(subject, call.base), shown)
    return Answer(200, parameters([*answers, *(resource("source", stored.content) for stored in shown)]))


async def gather(
    ctx: Context, tx: Transaction, call: Call, subject: str, wanted: Sequence[Code], span: tuple[datetime, datetime], measured: Measurements
) -> None:
    """The measurements of the codes, and those that a panel among them names."""
    tokens = ",".join(f"{escaped(system)}|{escaped(code)}" if system else escaped(code) for system, code in wanted)
    dates = [("date", f"{prefix}{said(moment)}") for prefix, moment in (("ge", span[0]), ("le", span[1])) if EARLIEST < moment < LATEST]
    about = [("subject", subject), *dates]
    async for page in scanned(ctx, tx, call, "Observation", [*about, ("combo-code", tokens)]):
        for stored in page:
            measured.add(stored)
    members = sorted(measured.members - measured.seen)
    for start in range(0, len(members), 100):
        async for page in scanned(ctx, tx, call, "Observation", [*about, ("_id", ",".join(members[start : start + 100]))]):
            for stored in page:
                measured.add(stored, member=True)


def escaped(word: str) -> str:
    """A code as a search parameter's value has it."""
    return "".join(f"\\{char}" if char in "\\,|$" else char for char in word)


def codes_of(given: Given) -> list[Code]:
    """The codes asked for. Raises `Malformed` when there are none."""
    system = given.one("system")
    found = [(system or "", code) for code in given.every("code")]
    for token in given.codes("coding"):
        before, bar, code = token.partition("|")
        found.append((before, code) if bar else ("", before))
    if not found or not all(code for _, code in found):
        raise refused("code", "$stats needs a code with its system, or a coding", "required")
    if len(found) > MOST_CODES:
        raise refused("code", f"At most {MOST_CODES} codes at once", "too-costly")
    return list(dict.fromkeys(found))


def statistics_of(given: Given) -> list[str]:
    """The statistics asked for, by their codes."""
    chosen = [ALIASES.get(code, code) for code in given.codes("statistic")]
    for code in chosen:
        if code not in STATISTICS:
            raise refused("statistic", "statistic names no statistic of http://hl7.org/fhir/ValueSet/observation-statistics", "value")
    if not chosen:
        raise refused("statistic", "The parameter statistic is required", "required")
    return list(dict.fromkeys(chosen))


def span_of(ctx: Context, given: Given) -> tuple[datetime, datetime]:
    """The stretch of time asked about: the last `duration` hours, the period, or all there is."""
    hours, period = given.one("duration"), given.one("period")
    if hours is not None:
        if not 0 < hours <= LONGEST:
            raise refused("duration", "duration is a positive number of hours", "value")
        now = ctx.clock.now()
        return now - timedelta(hours=float(hours)), now
    if period is None:
        return EARLIEST, LATEST
    try:
        start = date_range(period["start"])[0] if "start" in period else EARLIEST
        end = date_range(period["end"])[1] if "end" in period else LATEST
    except (KeyError, TypeError, ValueError):
        raise refused("period", "period is a Period with start, end or both", "value") from None
    if end <= start:
        raise refused("period", "The period ends before it begins", "value")
    return start, end


def answered(subject: str, code: Code, series: Series, chosen: Sequence[str], span: tuple[datetime, datetime]) -> JSON:
    """The statistics of one code as an Observation."""
    times = [moment for moment in series.times if moment > EARLIEST]
    first = span[0] if span[0] > EARLIEST else min(times, default=None)
    last = span[1] if span[1] < LATEST else max(times, default=None)
    coding = {"system": code[0], "code": code[1]} if code[0] not in ("", "text") else {"code": code[1]}
    found: JSON = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": code[1]} if code[0] == "text" else {"coding": [coding]},
        "subject": {"reference": subject},
    }
    if first is not None and last is not None:
        found["effectivePeriod"] = {"start": said(first), "end": said(last)}
    return found | {"component": [part for one in chosen for part in components(one, series)]}


def components(code: str, series: Series) -> list[JSON]:
    """One statistic as a component; the straight line has two."""
    if code in COUNTS:
        return [component(code, float(len(series.values) if code == "count" else series.measured), {"code": "1", "unit": "1"})]
    unit = {"code": series.unit.code, "unit": series.unit.unit or series.unit.code} if series.unit else {}
    if code == REGRESSION:
        days = [(moment - min(series.times)) / timedelta(days=1) for moment in series.times]
        found = line(days, series.values)
        a_day = {"code": f"{unit['code']}/d", "unit": f"{unit['unit']}/d"} if unit else {}
        return [
            component(code, found[0] if found else None, a_day, "gradient"),
            component(code, found[1] if found else None, unit, "intercept"),
        ]
    if code in BARE:
        unit = {"code": "1", "unit": "1"}
    elif code in SQUARED and unit:
        unit = {"code": f"({unit['code']})2", "unit": f"({unit['unit']})²"}
    return [component(code, figure(code, series.values), unit)]


def component(code: str, value: float | None, unit: JSON, name: str = "") -> JSON:
    """One statistic with its value, or why there is none."""
    concept: JSON = {"coding": [{"system": CODES, "code": code}]} | ({"text": name} if name else {})
    if value is None:
        return {"code": concept, "dataAbsentReason": {"coding": [{"system": ABSENT, "code": "not-a-number"}]}}
    quantity: JSON = {"value": Digits(digits(value))}
    if unit:
        quantity |= {"unit": unit["unit"], "system": UCUM, "code": unit["code"]}
    return {"code": concept, "valueQuantity": quantity}


def digits(value: float) -> str:
    """A number as FHIR's decimal has it: no more digits than were measured, and no trailing noise of binary fractions."""
    return format(Decimal(format(value, ".12g")), "f") if 1e-9 < abs(value) < 1e15 else format(value, ".12g")


def said(moment: datetime) -> str:
    """A moment as FHIR writes it."""
    return instant(moment).decode()


STATS = Operation(
    "$stats",
    "http://hl7.org/fhir/OperationDefinition/Observation-stats",
    stats,
    frozenset({"type"}),
    ("Observation",),
    takes=(
        Parameter("subject", "uri", 1, text="Whose measurements, such as Patient/123"),
        Parameter("code", "string", most=LIST, text="The code of the measurement or of its part"),
        Parameter("system", "uri", text="The system of the codes"),
        Parameter("coding", "Coding", most=LIST, text="A code with its system", search="token"),
        Parameter("duration", "decimal", text="The last so many hours"),
        Parameter("period", "Period", text="From when to when"),
        Parameter("statistic", "code", 1, LIST, text="Which statistics"),
        Parameter("include", "boolean", text="Answer the measurements, too"),
        Parameter("limit", "positiveInt", text=f"How many of them; at most {MOST_SOURCES}"),
    ),
    gives=(
        Parameter("statistics", "Observation", 1, LIST, text="One for each code and kind of unit"),
        Parameter("source", "Observation", most=LIST, text="The measurements"),
    ),
    title="Statistics over the measurements of one subject",
)
