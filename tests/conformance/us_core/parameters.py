"""Where each of US Core's search parameters looks, what value of a resource can be searched for, and whether a resource matches.

This is the judge's own reading of https://hl7.org/fhir/R4/search.html; nothing of the server is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from tests.conformance.us_core.elements import found

Json = dict[str, Any]
Kind = Literal["token", "date", "string", "reference", "id"]
GOOD_SYSTEMS = ("http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm")
PEOPLE = ("text", "family", "given", "prefix", "suffix")
PLACES = ("text", "line", "city", "district", "state", "postalCode", "country")
ASSERTED = "extension{url=http://hl7.org/fhir/StructureDefinition/condition-assertedDate}.valueDateTime"


@dataclass(frozen=True)
class Parameter:
    """One search parameter: its kind, and the paths it looks at."""

    kind: Kind
    paths: tuple[str, ...]


def _table(text: str) -> dict[str, Parameter]:
    table: dict[str, Parameter] = {}
    for line in text.strip().splitlines():
        name, kind, *paths = line.split()
        table[name] = Parameter(kind, tuple(paths))  # type: ignore[arg-type] - the words below are kinds
    return table


PARAMETERS = _table(
    f"""
    _id id id
    _lastUpdated date meta.lastUpdated
    identifier token identifier
    status token status
    category token category
    code token code
    type token type
    patient reference subject patient beneficiary
    encounter reference encounter
    clinical-status token clinicalStatus
    onset-date date onsetDateTime onsetPeriod
    abatement-date date abatementDateTime abatementPeriod
    asserted-date date {ASSERTED}
    recorded-date date recordedDate
    Patient.name string name
    Patient.family string name.family
    Patient.birthdate date birthDate
    Patient.gender token gender
    Patient.death-date date deceasedDateTime
    Practitioner.name string name
    RelatedPerson.name string name
    Organization.name string name alias
    Location.name string name alias
    address string address
    address-city string address.city
    address-state string address.state
    address-postalcode string address.postalCode
    CarePlan.date date period
    DiagnosticReport.date date effectiveDateTime effectivePeriod
    Observation.date date effectiveDateTime effectivePeriod effectiveInstant
    DocumentReference.date date date
    DocumentReference.period date context.period
    Encounter.date date period
    Encounter.class token class
    Encounter.location reference location.location
    Encounter.discharge-disposition token hospitalization.dischargeDisposition
    Immunization.date date occurrenceDateTime
    Procedure.date date performedDateTime performedPeriod
    role token participant.role
    lifecycle-status token lifecycleStatus
    description token description
    target-date date target.dueDate
    intent token intent
    authoredon date authoredOn
    authored date authoredOn authored
    questionnaire reference questionnaire
    specialty token specialty
    practitioner reference practitioner
    """
)


def parameter(kind: str, name: str) -> Parameter:
    """The parameter of this name for resources of this type."""
    return PARAMETERS.get(f"{kind}.{name}") or PARAMETERS[name]


def elements(resource: Json, name: str) -> list[Any]:
    """What the parameter looks at in a resource."""
    looked = parameter(resource["resourceType"], name)
    return [value for path in looked.paths for value in found(resource, path)]


def tokens(value: Any) -> list[tuple[str, str]]:
    """(system, code) of a coded value, whatever its datatype; codes of good systems first."""
    if isinstance(value, dict):
        if "coding" in value:
            pairs = [(one.get("system", ""), one["code"]) for one in value["coding"] if "code" in one]
            return sorted(pairs, key=lambda pair: pair[0] not in GOOD_SYSTEMS)
        key = "code" if "code" in value else "value"
        return [(value.get("system", ""), value[key])] if key in value else []
    return [("", str(value).lower() if isinstance(value, bool) else str(value))]


def searched(resource: Json, name: str, *, system: bool = False) -> str | None:
    """A value to search for that this resource has; None when it has none."""
    kind = parameter(resource["resourceType"], name).kind
    for value in elements(resource, name):
        if kind == "token":
            for place, code in tokens(value):
                if place or not system:
                    return escaped(f"{place}|{code}" if system else code)
        elif kind == "reference":
            return str(value["reference"]).rpartition("/")[2] if isinstance(value, dict) else escaped(str(value))
        elif kind == "date":
            if isinstance(value, dict):
                return f"gt{shifted(value['start'], -1)}" if "start" in value else None
            return str(value)
        elif kind == "string":
            if text := spoken(value):
                return escaped(text)
        else:
            return str(value)
    return None


def spoken(value: Any) -> str | None:
    """A part of a name or address as a person would type it."""
    if isinstance(value, str):
        return value
    for part in ("family", "given", "text", "city", "line", "state", "postalCode"):
        for text in found(value, part):
            return str(text)
    return None


def escaped(text: str) -> str:
    """A value with the separators of search escaped."""
    for mark in ("\\", ",", "$") if "|" in text else ("\\", ",", "$", "|"):
        text = text.replace(mark, f"\\{mark}")
    return text


def shifted(text: str, days: int) -> str:
    """A date or dateTime this many days later, as precise as it was (a day at least)."""
    if len(text) <= 10:
        begin, _ = interval(text)
        return (begin + timedelta(days=days)).date().isoformat()
    moved = datetime.fromisoformat(text.replace("Z", "+00:00")) + timedelta(days=days)
    return moved.isoformat(timespec="seconds")


def interval(value: Any) -> tuple[datetime, datetime]:
    """First and last instant of a FHIR date, dateTime, instant or Period."""
    if isinstance(value, dict):
        low = interval(value["start"])[0] if "start" in value else datetime.min.replace(tzinfo=UTC)
        high = interval(value["end"])[1] if "end" in value else datetime.max.replace(tzinfo=UTC)
        return low, high
    if len(value) == 4:
        return _days(date(int(value), 1, 1), date(int(value) + 1, 1, 1))
    if len(value) == 7:
        year, month = int(value[:4]), int(value[5:])
        return _days(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1))
    if len(value) == 10:
        day = date.fromisoformat(value)
        return _days(day, day + timedelta(days=1))
    begin = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return begin, begin + (timedelta(microseconds=999) if "." in value else timedelta(seconds=1, microseconds=-1))


def _days(first: date, after: date) -> tuple[datetime, datetime]:
    begin, end = (datetime(one.year, one.month, one.day, tzinfo=UTC) for one in (first, after))
    return begin, end - timedelta(microseconds=1)


def matches(resource: Json, name: str, text: str, base: str) -> bool:
    """Whether a resource satisfies `name=text`; a comma means or."""
    return any(_matches(resource, name, one, base) for one in split(text))


def split(text: str) -> list[str]:
    """The values of a parameter, unescaped."""
    values, current, quoted = [], "", False
    for mark in text:
        if quoted:
            current, quoted = current + mark, False
        elif mark == "\\":
            quoted = True
        elif mark == ",":
            values.append(current)
            current = ""
        else:
            current += mark
    return [*values, current]


def _matches(resource: Json, name: str, text: str, base: str) -> bool:
    kind = parameter(resource["resourceType"], name).kind
    looked = elements(resource, name)
    if kind == "id":
        return text in looked
    if kind == "token":
        return any(_same_token(text, pair) for value in looked for pair in tokens(value))
    if kind == "reference":
        return any(_same_reference(text, value, base) for value in looked)
    if kind == "string":
        return any(part.casefold().startswith(text.casefold()) for value in looked for part in parts(value))
    return any(compares(text, value) for value in looked)


def _same_token(text: str, pair: tuple[str, str]) -> bool:
    system, bar, code = text.rpartition("|")
    return pair[1].casefold() == code.casefold() and (not bar or pair[0] == system)


def _same_reference(text: str, value: Any, base: str) -> bool:
    if isinstance(value, str):
        return text.partition("|")[0] == value.partition("|")[0]
    said = str(value.get("reference", "")).removeprefix(f"{base}/")
    return said == text or said.rpartition("/")[2] == text


def parts(value: Any) -> list[str]:
    """Every text a string search looks at in a name or an address."""
    if isinstance(value, str):
        return [value]
    return [str(text) for part in (*PEOPLE, *PLACES) for text in found(value, part)]


def compares(text: str, value: Any) -> bool:
    """Whether a date or period stands to the text as its prefix says, https://hl7.org/fhir/R4/search.html#prefix"""
    prefix, when = (text[:2], text[2:]) if text[:1].isalpha() else ("eq", text)
    low, high = interval(when)
    begins, ends = interval(value)
    inside = low <= begins and ends <= high
    return {
        "eq": inside,
        "gt": ends > high,
        "ge": ends > high or inside,
        "lt": begins < low,
        "le": begins < low or inside,
    }[prefix]
