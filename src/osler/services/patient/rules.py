"""Which name, number and phone stand for a patient, and what somebody means who types into the search box."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from osler.platform.errors import Invalid

MOST_WORDS = 8
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
NOT_A_RECORD_NUMBER = frozenset({"SS", "SB", "DL", "PPN", "TAX", "NI"})
"""Social security and other numbers of the person, not of the record: https://terminology.hl7.org/CodeSystem-v2-0203.html"""
NAME_USES = ("usual", "official", None, "nickname", "anonymous", "temp", "maiden", "old")
PHONE_USES = ("mobile", "home", None, "work", "temp", "old")


class Code(msgspec.Struct, frozen=True):
    """A Coding, as far as decisions need it."""

    code: str | None = None
    display: str | None = None


class Kind(msgspec.Struct, frozen=True):
    """A CodeableConcept, as far as decisions need it."""

    coding: list[Code] = []


class Name(msgspec.Struct, frozen=True):
    """A HumanName, as far as decisions need it."""

    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: list[str | None] = []
    suffix: list[str | None] = []

    def said(self) -> str:
        """Given names, family name, suffix; the text where there are none."""
        parts = [*self.given, self.family, *self.suffix]
        return " ".join(part for part in parts if part) if self.family or self.given else self.text or ""


class Number(msgspec.Struct, frozen=True):
    """An Identifier, as far as decisions need it."""

    type: Kind = Kind()
    value: str | None = None


class Contact(msgspec.Struct, frozen=True):
    """A ContactPoint, as far as decisions need it."""

    system: str | None = None
    value: str | None = None
    use: str | None = None
    rank: int = 99


class Extension(msgspec.Struct, frozen=True):
    """An extension, as far as decisions need it."""

    url: str = ""
    valueCode: str | None = None  # noqa: N815 - FHIR's spelling
    valueString: str | None = None  # noqa: N815 - FHIR's spelling
    valueCoding: Code | None = None  # noqa: N815 - FHIR's spelling
    extension: list[Extension] = []


class PatientFacts(msgspec.Struct, frozen=True):
    """What stands for a patient in lists and bars."""

    id: str = ""
    name: list[Name] = []
    birthDate: str | None = None  # noqa: N815 - FHIR's spelling
    gender: str | None = None
    identifier: list[Number] = []
    telecom: list[Contact] = []
    deceasedBoolean: bool = False  # noqa: N815 - FHIR's spelling
    deceasedDateTime: str | None = None  # noqa: N815 - FHIR's spelling
    extension: list[Extension] = []


def display_name(facts: PatientFacts) -> str:
    """The used name, or else the official one."""
    ranked = sorted(facts.name, key=lambda name: NAME_USES.index(name.use) if name.use in NAME_USES else 3)
    return ranked[0].said() if ranked else ""


def record_number(facts: PatientFacts) -> str | None:
    """The identifier typed MR, or else the first that is not a number of the person."""
    fallback = None
    for identifier in facts.identifier:
        kinds = {coding.code for coding in identifier.type.coding}
        if "MR" in kinds and identifier.value:
            return identifier.value
        if fallback is None and not kinds & NOT_A_RECORD_NUMBER:
            fallback = identifier.value
    return fallback


def phone(facts: PatientFacts) -> str | None:
    """The phone to ring first: by rank, then mobile, home, work."""
    phones = [contact for contact in facts.telecom if contact.system == "phone" and contact.value]
    phones.sort(key=lambda contact: (contact.rank, PHONE_USES.index(contact.use) if contact.use in PHONE_USES else 2))
    return phones[0].value if phones else None


def deceased(facts: PatientFacts) -> bool:
    """Recorded as dead, by flag or by date."""
    return facts.deceasedBoolean or facts.deceasedDateTime is not None


def birth_sex(facts: PatientFacts) -> str | None:
    """https://hl7.org/fhir/us/core/StructureDefinition-us-core-birthsex.html"""
    return next((found.valueCode for found in facts.extension if found.url == US_CORE + "birthsex"), None)


def race(facts: PatientFacts) -> str | None:
    """https://hl7.org/fhir/us/core/StructureDefinition-us-core-race.html"""
    return said_of(facts, "race")


def ethnicity(facts: PatientFacts) -> str | None:
    """https://hl7.org/fhir/us/core/StructureDefinition-us-core-ethnicity.html"""
    return said_of(facts, "ethnicity")


def said_of(facts: PatientFacts, what: str) -> str | None:
    """The text of a race or ethnicity extension, or else its categories."""
    parts = next((found.extension for found in facts.extension if found.url == US_CORE + what), [])
    text = next((part.valueString for part in parts if part.url == "text" and part.valueString), None)
    codings = [part.valueCoding for part in parts if part.url == "ombCategory" and part.valueCoding]
    return text or ", ".join(coding.display or coding.code or "" for coding in codings) or None


@dataclass(frozen=True, slots=True)
class Sought:
    """What the search box says: names and numbers all of which, and the one birth date which, must fit."""

    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    born: date | None = None


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(?P<word>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
DATES = tuple(
    re.compile(rf"(?<![\w/-]){pattern}(?![\w/-])", re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]{MONTH}[ ,-]+(?P<year>\d{{4}})",
        rf"{MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
    )
)
PHONE = re.compile(r"(?<!\w)\+?\(?\d[\d\s().-]{5,}\d(?!\w)")


def sought(typed: str) -> Sought:
    """Read the search box. Raises `Invalid` when it holds too many words to mean one patient."""
    rest = " ".join(typed.split())
    born, rest = date_in(rest)
    numbers = []
    for found in list(PHONE.finditer(rest)):
        if sum(char.isdigit() for char in found.group()) >= 7 and re.search(r"[\s().+-]", found.group()):
            numbers.append(found.group())
            rest = rest.replace(found.group(), " ", 1)
    words = [word for word in re.split(r"[\s,;]+", rest) if word]
    names = [word for word in words if not any(char.isdigit() for char in word)]
    numbers += [word for word in words if any(char.isdigit() for char in word)]
    if len(names) + len(numbers) > MOST_WORDS:
        raise Invalid(f"Search for at most {MOST_WORDS} words")
    return Sought(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(numbers)), born)


def date_in(text: str) -> tuple[date | None, str]:
    """The first real date in the text, and the text without it. 03/01/1950 is the 1st of March, 25/01/1950 can only be January."""
    for pattern in DATES:
        match = pattern.search(text)
        if match is None:
            continue
        said = match.groupdict()
        month = MONTHS.index(said["word"][:3].lower()) + 1 if "word" in said else int(said["month"])
        day, year = int(said["day"]), int(said["year"])
        if month > 12 >= day:
            month, day = day, month
        try:
            return date(year, month, day), text[: match.start()] + " " + text[match.end() :]
        except ValueError:
            continue
    return None, text


def day_in_digits(typed: str) -> date | None:
    """19500301 as a day, when it is one."""
    if len(typed) != 8 or not (typed.isascii() and typed.isdigit()):
        return None
    try:
        return date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))
    except ValueError:
        return None


def listing_order(names: Sequence[str], facts: PatientFacts, folded_parts: Sequence[str]) -> tuple[int, str, str, str, str]:
    """Those first of whose name most words were typed in full, then by family name, given names, birth date and id."""
    whole = sum(name in folded_parts for name in names)
    first = facts.name[0] if facts.name else Name()
    given = " ".join(part for part in first.given if part)
    return -whole, (first.family or "").casefold(), given.casefold(), facts.birthDate or "", facts.id
