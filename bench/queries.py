"""The searches of T3 and M2, with values drawn from what the server holds.

T3 is the search part of Health Samurai's FHIR server benchmark: every parameter once in a round, with random values, prefixes and
modifiers. M2 is mock.health's: thirty queries, uniformly drawn. The values here are our own where theirs depend on their data.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

LOINC = "http://loinc.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
DATES = ("", "eq", "lt", "gt", "ge", "le", "sa", "eb")
NUMBERS = ("", "eq", "lt", "gt", "ge", "le")
COUNT = 20
GetAll = Callable[[str], list[dict[str, Any]]]
"""The resources of a search's first page."""


@dataclass(slots=True)
class Pools:
    """What values are drawn from."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    family: list[str] = field(default_factory=list)
    towns: list[str] = field(default_factory=list)
    facilities: list[str] = field(default_factory=list)
    births: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)
    instants: list[str] = field(default_factory=list)


def harvest(get: GetAll) -> Pools:
    """Look at what there is."""
    pools = Pools()
    for kind in ("Patient", "Encounter", "Practitioner", "Location"):
        pools.ids[kind] = [one["id"] for one in get(f"{kind}?_count=200")]
    for patient in get("Patient?_count=200"):
        for name in patient.get("name", ()):
            pools.given += name.get("given", [])[:1]
            pools.family += [name["family"]] if "family" in name else []
        pools.towns += [one["city"] for one in patient.get("address", ()) if "city" in one]
        pools.births += [patient["birthDate"]] if "birthDate" in patient else []
    pools.facilities = [one["name"].split(" ")[0] for one in get("Organization?_count=100") if "name" in one]
    pools.conditions = codes(get("Condition?_count=200"))
    pools.procedures = codes(get("Procedure?_count=200"))
    pools.instants = [one["effectiveDateTime"][:19] for one in get("Observation?_count=200") if "effectiveDateTime" in one]
    return pools


def codes(resources: Sequence[dict[str, Any]]) -> list[str]:
    """The first code of each."""
    return [one["code"]["coding"][0]["code"] for one in resources if one.get("code", {}).get("coding")]


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of search: `draw` answers the parameter's name with its modifier, and the value, unescaped."""

    name: str
    group: str
    kind: str
    draw: Callable[[random.Random], tuple[str, str]]

    def path(self, dice: random.Random, *, escape: bool = False) -> str:
        """The URL below the FHIR base. `escape` puts a backslash before every separator, as the published script does."""
        name, value = self.draw(dice)
        if escape:
            for mark in "\\,|$":
                value = value.replace(mark, "\\" + mark)
        return f"{self.kind}?{name}={quote(value)}&_count={COUNT}"


def any_of(name: str, values: Sequence[str], prefixes: Sequence[str] = ("",)) -> Callable[[random.Random], tuple[str, str]]:
    """A value with a prefix."""
    return lambda dice: (name, dice.choice(prefixes) + dice.choice(values))


def text(name: str, values: Sequence[str]) -> Callable[[random.Random], tuple[str, str]]:
    """The start of a text, or a part of it; now and then one that nobody has."""
    known = [*values[:20], "NON-EXISTS"]
    return lambda dice: (name + dice.choice(("", ":contains")), dice.choice(known))


def t3(pools: Pools) -> list[Search]:
    """Every parameter, in the order of a round."""
    reach = {kind: [f"{kind}/{one}" for one in ids] for kind, ids in pools.ids.items()}
    instants = [*pools.instants[:20], "2070-01-01T00:00:00"]
    days = [*[one[:10] for one in pools.instants[:20]], "2070-01-01"]
    found: list[Search] = []

    def add(group: str, kind: str, name: str, draw: Callable[[random.Random], tuple[str, str]]) -> None:
        found.append(Search(f"{kind}.{name}", group, kind, draw))

    add("string", "Patient", "name", text("name", pools.given))
    add("string", "Patient", "address", text("address", pools.towns))
    add("string", "Organization", "name", text("name", pools.facilities))
    add("date", "Patient", "birthdate", any_of("birthdate", [*pools.births[:20], "2070-01-01"], DATES))
    add("date", "Observation", "date", any_of("date", instants, DATES))
    add("date", "Encounter", "date", any_of("date", days, DATES))
    for kind, name, values in TOKENS:
        add("token", kind, name, any_of(name, values))
    for name, amounts in QUANTITIES:
        add("quantity", "Observation", name, any_of(name, amounts, NUMBERS))
    for name, pairs in COMPOSITES:
        add("composite", "Observation", name, any_of(name, pairs))
    for kind, name, target in REFERENCES:
        add("reference", kind, name, any_of(name, reach[target]))
    return found


TOKENS = (
    (
        "Observation",
        "category",
        (
            "missing-data|for-null-searches",
            "laboratory",
            f"{CATEGORY}|laboratory",
            "vital-signs",
            "survey",
            "social-history",
            "procedure",
            "laboratory,vital-signs",
            "laboratory,vital-signs,survey",
        ),
    ),
    (
        "Observation",
        "code",
        (
            "non-existent",
            *("8302-2", "29463-7", "8480-6", "8462-4", "8867-4", "39156-5", "72514-3", "718-7"),
            f"{LOINC}|8302-2",
            f"{LOINC}|29463-7",
            "8302-2,29463-7",
            "8480-6,8462-4,8867-4",
        ),
    ),
    (
        "Encounter",
        "status",
        (
            "missing-status",
            "finished",
            "in-progress",
            "planned",
            "arrived",
            "cancelled",
            "finished,in-progress",
            "planned,arrived,cancelled",
        ),
    ),
    (
        "Encounter",
        "class",
        (
            "missing|class-code",
            *("AMB", "EMER", "IMP", "HH", "OBSENC", "WELLNESS"),
            f"{ACT}|AMB",
            f"{ACT}|EMER",
            "AMB,EMER",
            "IMP,HH,OBSENC",
        ),
    ),
)
QUANTITIES = (
    ("value-quantity", ("99999", "170", "80", "30", "100", "140", "200")),
    ("component-value-quantity", ("99999", "120", "80", "140", "90", "100", "60")),
    ("combo-value-quantity", ("99999", "120", "170", "80", "100", "140")),
)
COMPOSITES = (
    (
        "code-value-quantity",
        (
            "non-existent-code$gt0",
            *("8867-4$gt100", "8867-4$lt60", "8302-2$gt170", "29463-7$gt80", "29463-7$lt5", "39156-5$ge30", "2339-0$gt140", "2947-0$gt142"),
            f"{LOINC}|8867-4$gt100",
            f"{LOINC}|8302-2$gt170",
            f"{LOINC}|29463-7$gt80",
        ),
    ),
    (
        "component-code-value-quantity",
        (
            "non-existent$gt0",
            *("8480-6$gt140", "8480-6$ge180", "8480-6$lt100", "8462-4$gt90", "8462-4$lt60"),
            f"{LOINC}|8480-6$gt140",
            f"{LOINC}|8462-4$gt90",
        ),
    ),
    (
        "combo-code-value-quantity",
        (
            "non-existent$gt0",
            *("8867-4$gt100", "8480-6$gt140", "8302-2$gt170", "29463-7$gt80", "39156-5$ge30"),
            f"{LOINC}|8480-6$gt140",
        ),
    ),
)
REFERENCES = (
    ("Observation", "subject", "Patient"),
    ("Observation", "encounter", "Encounter"),
    ("Observation", "performer", "Practitioner"),
    ("Encounter", "subject", "Patient"),
    ("Encounter", "participant", "Practitioner"),
    ("MedicationRequest", "subject", "Patient"),
    ("MedicationRequest", "encounter", "Encounter"),
    ("MedicationRequest", "requester", "Practitioner"),
)

M2 = (
    "metadata",
    "Observation?_count=10",
    "Observation?_count=1&_total=accurate",
    "Observation?date=ge2020-01-01&_count=5",
    f"Observation?code={LOINC}|8302-2&_count=5&_total=accurate",
    f"Observation?code={LOINC}|29463-7&_count=5&_total=accurate",
    f"Observation?code={LOINC}|72514-3&_count=5&_total=accurate",
    f"Observation?code={LOINC}|8480-6&_count=5&_total=accurate",
    f"Observation?combo-code={LOINC}|8480-6&_count=1&_total=accurate",
    "Observation?patient=Patient/{patient}&_count=20",
    "Patient?gender=male&_count=5&_total=accurate",
    "Patient?family=S",
    "Patient?given=A",
    "Patient?gender=female&family=B",
    "Patient?family={family}",
    "Patient/{patient}",
    "Condition?patient={patient}",
    "Condition?code={condition}",
    "Procedure?code={procedure}",
    "Encounter?patient={patient}",
    "Encounter?participant=Practitioner/{practitioner}",
    "Encounter?location={location}",
    "MedicationRequest?patient={patient}",
    "Patient?_content=diabetes",
    "Observation?_content=pressure",
    "Condition?_content=diabetes",
    "Patient?_text=diabetes",
    "Patient?name:text=maria",
    "Patient?address:text=boston",
    "Condition?code:text=diabetes",
)

HARD = (
    "Observation?code=8480-6&_sort=-date&_count=20",
    "Observation?code=29463-7&_sort=-date&_count=20",
    "Observation?code=29463-7&_sort=date&_count=20",
    "Observation?code=33914-3&_sort=-date&_count=20",
    "Observation?category=laboratory&_sort=-date&_count=20",
    "Observation?_sort=-date&_count=20",
    "Observation?_sort=date&_count=20",
    "Observation?_sort=-_lastUpdated&_count=20",
    "Patient?_sort=family&_count=20",
    "Patient?_sort=-birthdate&_count=20",
    "Observation?date=ge2070-01-01&_count=20",
    "Observation?date=lt1900-01-01&_count=20",
    "Observation?date=eb1950-01-01&_count=20",
    "Observation?date=ne2020-01-01&_count=20",
    "Condition?onset-date=ge2070-01-01&_count=20",
    f"Observation?code={LOINC}|&_count=20",
    "Observation?code=http://example.org/none|&_count=20",
    "Observation?code:not=29463-7&_count=20",
    "Observation?value-concept:missing=false&_count=20",
    "Observation?code:missing=true&_count=20",
    "Condition?abatement-date:missing=true&_count=20",
    "Patient?name:contains=ar&_count=20",
    "Patient?name:contains=zzq&_count=20",
    "Patient?name=a&_count=20",
    "Patient?_lastUpdated=gt2020-01-01&_count=20",
    "Patient?_lastUpdated=lt2020-01-01&_count=20",
    "Patient?gender=male&birthdate=gt1980&_count=20",
    "Observation?subject:Patient.family={family}&code=29463-7&_count=20",
    "Observation?subject:Patient.gender=male&_count=20",
    "Patient?_has:Observation:patient:code=29463-7&_count=20",
    "Patient?_has:Condition:patient:code={condition}&_count=20",
    "Observation?value-quantity=gt100|http://unitsofmeasure.org|kg&_count=20",
    "Encounter?date=ge2015&_include=Encounter:patient&_count=20",
    "Observation?code=8867-4&value-quantity=gt100&_count=20",
    "Observation?category=vital-signs&date=ge2019&_sort=-date&_count=20",
)
"""Searches that other servers are known to be slow at, and ours must not be."""


def filled(template: str, pools: Pools, dice: random.Random) -> str:
    """A query with values in the places of its names."""
    if "{" not in template:
        return template
    drawn = {
        "{patient}": pools.ids["Patient"],
        "{practitioner}": pools.ids["Practitioner"],
        "{location}": pools.ids["Location"],
        "{family}": pools.family,
        "{condition}": pools.conditions,
        "{procedure}": pools.procedures,
    }
    for name, values in drawn.items():
        if name in template:
            template = template.replace(name, quote(dice.choice(values)))
    return template
