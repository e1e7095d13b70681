"""Which name, number and phone stand for a patient, what a search box means, and when two records are one person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from osler.platform.errors import Invalid
from osler.platform.fhir import fold

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


class Numbered(msgspec.Struct, frozen=True):
    """An Identifier, as far as matching needs it."""

    system: str | None = None
    value: str | None = None


class Place(msgspec.Struct, frozen=True):
    """An Address, as far as matching needs it."""

    line: list[str | None] = []
    postalCode: str | None = None  # noqa: N815 - FHIR's spelling


class Person(msgspec.Struct, frozen=True):
    """What two patient records are compared by."""

    name: list[Name] = []
    birthDate: str | None = None  # noqa: N815 - FHIR's spelling
    gender: str | None = None
    identifier: list[Numbered] = []
    telecom: list[Contact] = []
    address: list[Place] = []


@dataclass(frozen=True, slots=True)
class Match:
    """How likely two records are one person: from 0 to 1, the grade, and what spoke for and against it."""

    score: float
    grade: str
    reasons: tuple[tuple[str, float], ...]


Evidence = dict[str, float]
PRIOR = -14.0
"""Two records taken at random out of some 16,000 (2 to the 14th) are one person once."""
CERTAIN, PROBABLE, POSSIBLE = 0.995, 0.9, 0.3
AGREES: Evidence = {"identifier": 16, "family": 7, "given": 6, "birthDate": 12, "gender": 1, "phone": 8, "email": 9, "address": 6}
ALMOST: Evidence = {"family": 4, "given": 3, "birthDate": 6, "address": 3}
DIFFERS: Evidence = {
    "identifier": -4,
    "family": -4,
    "given": -7,
    "birthDate": -8,
    "gender": -4,
    "phone": -0.5,
    "email": -0.5,
    "address": -1,
}
"""Bits of evidence (logarithms to base 2): a birth date that agrees makes it 4,096 times as likely that they are one person."""
MOST_WITH_ANOTHER = {"given": 0.5, "birthDate": 0.6}
"""Twins share everything but these: whatever else agrees, without a common identifier the score stays below."""
_SHORT_FORMS = """william bill billy will; robert bob bobby rob; richard rick dick; james jim jimmy; john jack johnny; thomas tom tommy;
  michael mike mick; joseph joe joey; charles charlie chuck; edward ed eddie ted; daniel dan danny; elizabeth liz beth betty eliza lisa;
  margaret maggie peggy meg; katherine catherine kate kathy katie; patricia pat patty trish; jennifer jen jenny; susan sue suzy;
  deborah debbie deb; anthony tony; samuel sam sammy; alexander alex"""
SHORT_FORMS = [frozenset(names.split()) for names in _SHORT_FORMS.split(";")]


def match_of(sought_person: Person, found: Person) -> Match:
    """Compare two records field by field. What either leaves out speaks neither for nor against."""
    evidence: Evidence = {}
    exact = True
    for field, judged in (
        ("identifier", compared_identifiers(sought_person, found)),
        *compared_names(sought_person, found),
        ("birthDate", compared_dates(sought_person.birthDate, found.birthDate)),
        ("gender", compared(sought_person.gender, found.gender) if "unknown" not in (sought_person.gender, found.gender) else None),
        ("phone", compared_contacts(sought_person, found, "phone")),
        ("email", compared_contacts(sought_person, found, "email")),
        ("address", compared_addresses(sought_person, found)),
    ):
        if judged is not None:
            evidence[field] = {"agrees": AGREES, "almost": ALMOST, "differs": DIFFERS}[judged][field]
            exact = exact and (judged == "agrees" or field in ("phone", "email", "address"))
    score = 1 / (1 + 2 ** -min(sum(evidence.values()) + PRIOR, 60.0))
    if evidence.get("identifier", 0) <= 0:
        score = min([score, *(most for field, most in MOST_WITH_ANOTHER.items() if evidence.get(field) == DIFFERS[field])])
    grade = (
        "certain"
        if score >= CERTAIN and exact
        else "probable"
        if score >= PROBABLE
        else "possible"
        if score >= POSSIBLE
        else "certainly-not"
    )
    return Match(round(score, 4), grade, tuple(evidence.items()))


def compared(one: str | None, other: str | None) -> str | None:
    """Whether two values agree; None when either is missing."""
    return None if not one or not other else "agrees" if one == other else "differs"


def compared_identifiers(one: Person, other: Person) -> str | None:
    """One common identifier is enough; two different ones of one system speak against it."""
    mine, theirs = ({(each.system or "", each.value) for each in person.identifier if each.value} for person in (one, other))
    if mine & theirs:
        return "agrees"
    return "differs" if {system for system, _ in mine if system} & {system for system, _ in theirs} else None


def compared_names(one: Person, other: Person) -> list[tuple[str, str | None]]:
    """Family and given name of the two names that fit best: a married name may stand beside a maiden name."""
    order = {"agrees": 0, "almost": 1, None: 2, "differs": 3}
    mine, theirs = ([parts_of(name) for name in person.name] for person in (one, other))
    pairs = [(alike(a[1], b[1]), alike(a[0], b[0], given=True)) for a in mine for b in theirs]
    family, given = min(pairs, key=lambda pair: order[pair[0]] + order[pair[1]], default=(None, None))
    return [("family", family), ("given", given)]


def parts_of(name: Name) -> tuple[str | None, str | None]:
    """The first given name and the family name; the first and the last word where there is only a text."""
    given = next((part for part in name.given if part), None)
    words = (name.text or "").split() if not given and not name.family else []
    return (words[0], words[-1]) if len(words) > 1 else (given, name.family)


def alike(one: str | None, other: str | None, *, given: bool = False) -> str | None:
    """Whether two names agree; almost: a slip of the pen, and for a given name its initial or short form."""
    if not one or not other:
        return None
    mine, theirs = (re.sub(r"[^\w]", "", fold(name)) for name in (one, other))
    if mine == theirs:
        return "agrees"
    short, long = sorted((mine, theirs), key=len)
    if given and ((len(short) == 1 and long.startswith(short)) or any({mine, theirs} <= names for names in SHORT_FORMS)):
        return "almost"
    slips = 2 if len(short) >= 8 else 1 if len(short) >= 4 else 0
    return "almost" if slips and distance(mine, theirs, slips) <= slips else "differs"


def distance(one: str, other: str, most: int) -> int:
    """How many letters are wrong, missing, too many or swapped with their neighbour; more than `most` is not counted further."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        above, before, row = before, row, [place]
        for column, its in enumerate(other, 1):
            cost = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (letter != its))
            if place > 1 and column > 1 and letter == other[column - 2] and one[place - 2] == its:
                cost = min(cost, above[column - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def compared_dates(one: str | None, other: str | None) -> str | None:
    """Whether two birth dates agree; almost: one digit wrong, day and month swapped, or one of them less precise."""
    if not one or not other:
        return None
    if one == other:
        return "agrees"
    if one.startswith(other) or other.startswith(one) or distance(one, other, 1) <= 1:
        return "almost"
    swapped = "-".join((one[:4], one[8:], one[5:7])) if len(one) == 10 else ""
    return "almost" if swapped == other else "differs"


def compared_contacts(one: Person, other: Person, system: str) -> str | None:
    """Whether they share a phone number (by its last ten digits) or an e-mail address."""
    mine, theirs = ({reached(each) for each in person.telecom if each.system == system and each.value} - {""} for person in (one, other))
    return None if not mine or not theirs else "agrees" if mine & theirs else "differs"


def reached(contact: Contact) -> str:
    """What a contact is compared by."""
    value = contact.value or ""
    return re.sub(r"\D", "", value)[-10:] if contact.system == "phone" else value.strip().casefold()


def compared_addresses(one: Person, other: Person) -> str | None:
    """Whether they share house and postal code; almost: one of the two."""
    mine, theirs = ([place_of(each) for each in person.address] for person in (one, other))
    shared = [
        sum(bool(a) and a == b for a, b in zip(here, there, strict=True)) for here in mine for there in theirs if any(here) and any(there)
    ]
    return ("differs", "almost", "agrees")[max(shared)] if shared else None


def place_of(address: Place) -> tuple[str, str]:
    """Street and house, and the first five characters of the postal code."""
    return fold(" ".join(part for part in address.line if part)), (address.postalCode or "").replace(" ", "")[:5].lower()
