"""The whole clinic as a stream of transaction Bundles: first what everybody points to, then one patient after another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import msgspec

from osler.demo.codes import Json
from osler.demo.house import house
from osler.demo.planning import plan_visits
from osler.demo.population import residents
from osler.demo.record import write_record
from osler.demo.special import FIRST_RESIDENT, SPECIAL, special_people
from osler.platform.errors import Malformed

MOST_PATIENTS = 12_000
LARGEST_BUNDLE = 1_000


@dataclass(frozen=True, slots=True)
class Clinic:
    """One reproducible clinic: the same three values give the same bytes on every machine."""

    as_of: date
    seed: int = 1
    patients: int = 200

    def __post_init__(self) -> None:
        """Refuse a number of patients we cannot make."""
        if not len(SPECIAL) <= self.patients <= MOST_PATIENTS:
            raise Malformed(f"the demo clinic has {len(SPECIAL)} to {MOST_PATIENTS:,} patients, not {self.patients}")

    def groups(self, wanted: Collection[str] | None = None) -> Iterator[tuple[str, list[Json]]]:
        """The id of each group (`clinic`, then each patient's) with its resources; one group in memory at a time."""
        if wanted is None or "clinic" in wanted:
            yield "clinic", house(self.as_of)
        for special, person in special_people(self.as_of):
            if wanted is None or person.id in wanted:
                yield person.id, special.write(person, self.as_of)
        for person in residents(self.seed, self.as_of, FIRST_RESIDENT, FIRST_RESIDENT + self.patients - len(SPECIAL) - 1):
            if wanted is None or person.id in wanted:
                plan_visits(person, self.as_of)
                yield person.id, write_record(person, self.as_of)

    def patient_ids(self) -> Iterator[str]:
        """The ids of all patients, without writing their records."""
        yield from (special.id for special in SPECIAL)
        yield from (f"p{FIRST_RESIDENT + number:05d}" for number in range(self.patients - len(SPECIAL)))

    def bundles(self) -> Iterator[tuple[str, bytes, int]]:
        """Group id, transaction Bundle (PUT by id, so that loading twice changes nothing) and number of entries."""
        for group, resources in self.groups():
            yield from self.split(group, resources)

    def split(self, group: str, resources: list[Json]) -> Iterator[tuple[str, bytes, int]]:
        """One group as transaction Bundles. Its first resource (the Patient) comes last: when it is there, all of the group is."""
        resources = [*resources[1:], resources[0]]
        for start in range(0, len(resources), LARGEST_BUNDLE):
            part = resources[start : start + LARGEST_BUNDLE]
            yield group, bundle(part), len(part)


def bundle(resources: list[Json]) -> bytes:
    """A transaction Bundle that puts each resource under its own id."""
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for resource in resources
    ]
    return msgspec.json.encode({"resourceType": "Bundle", "type": "transaction", "entry": entries})
