"""Random valid resources of any type, made from the definitions. Values come from small pools, so that searches find some of them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, get_args

from osler.platform import fhir
from osler.platform.errors import Invalid, Malformed
from osler.platform.fhir.elements import Element, elements
from osler.platform.fhir.generated import codes

Json = dict[str, Any]

TEXTS = ["Smith", "smith", "Smythe", "Müller", "MULLER", "van den  Berg", "O'Neil, Jr", "a|b", "back\\slash", "Ångström", "Ann", "Zoë 5$"]
DAYS = ["2019", "2020", "2020-01", "2020-02", "2020-02-29", "2020-03-01", "2021-12-31"]
MOMENTS = ["2020-02-29T10:00:00Z", "2020-02-29T23:30:00-05:00", "2020-03-01T00:00:00.250Z", "2021-12-31T23:59:59+01:00"]
NUMBERS = ["1", "5.4", "100", "99.5", "100.49", "-3", "0.1", "1000"]
CODINGS = [
    ("8480-6", "http://loinc.org"),
    ("8480-6", "urn:other"),
    ("718-7", "http://loinc.org"),
    ("718-7", None),
    (None, "http://loinc.org"),
    ("A", "urn:x"),
]
UNITS = [
    ("mg", "http://unitsofmeasure.org"), ("g", "http://unitsofmeasure.org"), ("kg", "http://unitsofmeasure.org"),
    ("mm[Hg]", "http://unitsofmeasure.org"), ("d", "http://unitsofmeasure.org"), ("a", "http://unitsofmeasure.org"), ("mg", "urn:x"),
]  # fmt: skip
URLS = [
    "http://x.example/a",
    "http://x.example/a/b",
    "http://x.example/ab",
    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
    "http://y.example/A",
]
IDS = ["r1", "r2", "r3"]
NEVER = {"id", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"}
PLAIN: dict[str, list[Any]] = {
    "string": TEXTS, "markdown": TEXTS, "code": ["A", "b", "8480-6"], "id": IDS, "uri": URLS, "url": URLS,
    "canonical": [*URLS, "http://x.example/a|1.0", "http://x.example/a/b|2"], "oid": ["urn:oid:1.2.3"],
    "uuid": ["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"], "date": DAYS, "dateTime": [*DAYS, *MOMENTS], "instant": MOMENTS,
    "time": ["10:00:00"], "boolean": [True, False], "integer": [1, 5, 100, 0], "positiveInt": [1, 2, 5], "unsignedInt": [0, 1, 5],
    "base64Binary": ["AAAA"], "xhtml": ["<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"],
}  # fmt: skip


VALUE_SET: Json = {
    "resourceType": "ValueSet",
    "id": "listed",
    "url": "urn:oracle:codes",
    "status": "active",
    "compose": {"include": [{"system": "http://loinc.org", "concept": [{"code": "8480-6"}]}, {"system": "urn:x"}]},
}
"""One code of one system, and the whole of another."""


class Maker:
    """Makes resources of the given types; references go to each other."""

    def __init__(self, seed: int, types: Sequence[str], each: int) -> None:
        self.random = random.Random(seed)
        self.types = list(types)
        self.ids = [f"r{number}" for number in range(1, each + 1)]

    def world(self) -> list[Json]:
        """All resources that could be made valid."""
        return [made for kind in self.types for name in self.ids if (made := self.resource(kind, name)) is not None]

    def resource(self, kind: str, name: str) -> Json | None:
        """One resource: what R4 refuses is taken out until it is valid."""
        tree = {"resourceType": kind, "id": name, **self.members(kind, 0)}
        for _ in range(12):
            try:
                fhir.parse(json.dumps(tree, default=float).encode(), kind)
                return tree
            except (Invalid, Malformed) as refused:
                names = {part for issue in refused.issues for part in [re.split(r"[.\[]", issue.expression or "")[1:2]] for part in part}
                for member in list(tree):
                    base = next((e.choice for e in elements(kind).values() if e.name == member and e.choice), member)
                    if base in names or member in names:
                        del tree[member]
                again = self.members(kind, 0)
                required = {e.name: e for e in elements(kind).values() if e.min}
                tree |= {
                    member: again[member]
                    for member in again
                    if member in required and member not in tree and not self.chosen(kind, tree, member)
                }
        return None

    def chosen(self, kind: str, tree: Json, member: str) -> bool:
        choice = elements(kind)[member].choice
        return bool(choice) and any(e.name in tree for e in elements(kind).values() if e.choice == choice)

    def members(self, kind: str, depth: int) -> Json:
        """Members of a type: those required, and others the less often the deeper they stand."""
        made: Json = {}
        groups: dict[str, list[Element]] = {}
        for element in elements(kind).values():
            if element.name not in NEVER:
                groups.setdefault(element.choice or element.name, []).append(element)
        for group in groups.values():
            element = self.random.choice(group)
            if element.type == "Resource" or (not element.min and self.random.random() > (0.45, 0.4, 0.25, 0.1, 0.0)[min(depth, 4)]):
                continue
            value = self.listed(element, depth)
            if value not in (None, {}, []):
                made[element.name] = value
        return made

    def listed(self, element: Element, depth: int) -> Any:
        if not element.many:
            return self.value(element, depth)
        found = [self.value(element, depth) for _ in range(self.random.choice([1, 1, 2]))]
        return [one for one in found if one not in (None, {})]

    def value(self, element: Element, depth: int) -> Any:
        kind = element.type
        if kind == "code" and element.binding:
            return self.random.choice(get_args(getattr(codes, element.binding))[:4])
        if kind == "decimal":
            return float(self.random.choice(NUMBERS))
        if kind in PLAIN:
            return self.random.choice(PLAIN[kind])
        if kind == "Reference":
            return self.reference(element.targets)
        if kind == "CodeableConcept" and element.concepts:
            system, _, code = self.random.choice(sorted(codes.CONCEPTS[element.concepts])[:4]).partition("|")
            return {"coding": [{"system": system, "code": code}]}
        return MAKERS[kind](self) if kind in MAKERS else self.members(kind, depth + 1)

    def reference(self, targets: Sequence[str]) -> Json:
        here = [kind for kind in (targets or self.types) if kind in self.types] or list(targets) or self.types
        address = f"{self.random.choice(here)}/{self.random.choice(self.ids)}"
        return self.random.choice(
            [
                {"reference": address}, {"reference": address}, {"reference": address}, {"reference": f"{address}/_history/1"},
                {"display": "?"}, {"identifier": self.identifier()}, {"reference": address, "identifier": self.identifier()},
                {"reference": f"http://other.example/fhir/{address}"},
            ]
        )  # fmt: skip

    def some(self, **members: Sequence[Any]) -> Json:
        """Some of these members."""
        made = {name: self.random.choice(pool) for name, pool in members.items() if self.random.random() < 0.5}
        return made or {next(iter(members)): self.random.choice(next(iter(members.values())))}

    def coding(self) -> Json:
        code, system = self.random.choice(CODINGS)
        made = {name: value for name, value in (("code", code), ("system", system)) if value}
        return made | ({"display": self.random.choice(TEXTS)} if self.random.random() < 0.3 else {})

    def concept(self) -> Json:
        made: Json = {"coding": [self.coding() for _ in range(self.random.choice([1, 1, 2]))]}
        if self.random.random() < 0.3:
            made["text"] = self.random.choice(TEXTS)
        return made if self.random.random() < 0.9 else {"text": self.random.choice(TEXTS)}

    def identifier(self) -> Json:
        made = self.random.choice(
            [
                {"value": "1", "system": "urn:a"},
                {"value": "1", "system": "urn:b"},
                {"value": "1"},
                {"value": "X,1", "system": "urn:a"},
                {"value": "x"},
            ]
        )
        kind = {"coding": [{"system": "urn:kinds", "code": self.random.choice(["MR", "mr", "SS"])}], "text": self.random.choice(TEXTS)}
        return made | ({"type": kind} if self.random.random() < 0.3 else {})

    def quantity(self) -> Json:
        made: Json = {"value": float(self.random.choice(NUMBERS))}
        code, system = self.random.choice(UNITS)
        made |= self.random.choice(
            [{}, {"unit": "beats"}, {"code": code, "system": system}, {"code": code, "system": system, "unit": "unit"}]
        )
        return made

    def compared(self) -> Json:
        return self.quantity() | self.random.choice([{}, {}, {}, {"comparator": "<"}, {"comparator": ">="}])

    def span(self) -> Json:
        return self.some(start=["2019", "2020-02-29", "2020-02-29T10:00:00Z"], end=["2022", "2021-12-31", "2022-01-01T00:00:00Z"])

    def range(self) -> Json:
        code, system = self.random.choice(UNITS)
        unit = self.random.choice([{}, {"code": code, "system": system}])
        return {name: {"value": value, **unit} for name, value in self.some(low=[1.0, 5.4], high=[100.0, 99.5]).items()}

    def human(self) -> Json:
        return self.some(family=TEXTS, given=[[text] for text in TEXTS] + [["Ann", "Zoe"]], text=TEXTS, prefix=[["Dr"]], suffix=[["Jr"]])

    def address(self) -> Json:
        return self.some(
            line=[["1 Smith St"], ["Ann", "x"]],
            city=TEXTS,
            district=TEXTS,
            state=["MA", "ma"],
            postalCode=["01234"],
            country=["US"],
            text=TEXTS,
            use=["home", "work"],
        )

    def contact(self) -> Json:
        return {"system": self.random.choice(["phone", "email"]), "value": self.random.choice(["555-1234", "A@X.example", "a@x.example"])}

    def timing(self) -> Json:
        return self.random.choice(
            [{"event": ["2020-01"]}, {"event": ["2019", "2020-03-01"]}, {"repeat": {"boundsPeriod": self.span()}}, {"code": self.concept()}]
        )

    def meta(self) -> Json:
        return {
            name: [self.random.choice([{"code": "t", "system": "urn:tag"}, {"code": "u"}]) if name == "tag" else self.random.choice(URLS)]
            for name in self.random.sample(["tag", "profile"], self.random.choice([0, 1, 2]))
        }


MAKERS: dict[str, Callable[[Maker], Json]] = {
    "Coding": Maker.coding, "CodeableConcept": Maker.concept, "Identifier": Maker.identifier, "Quantity": Maker.compared,
    "Period": Maker.span, "Range": Maker.range, "HumanName": Maker.human, "Address": Maker.address, "ContactPoint": Maker.contact,
    "Timing": Maker.timing, "Meta": Maker.meta, "Age": lambda maker: {"value": 40.0, "code": "a", "system": UNITS[0][1]},
    "Duration": lambda maker: {"value": 3.0, "code": "d", "system": UNITS[0][1]},
    "Money": lambda maker: {"value": float(maker.random.choice(NUMBERS)), "currency": "USD"},
    "Annotation": lambda maker: {"text": maker.random.choice(TEXTS)},
    "Attachment": lambda maker: {"url": maker.random.choice(URLS), "contentType": "text/plain"},
}  # fmt: skip
