"""What all records point at: the clinic and its staff, its forms and its medicine cabinet, and who vouches for them."""

from __future__ import annotations

from datetime import date

from osler.demo.codes import HL7, Json, coding, hl7, moment, profile, ref
from osler.demo.staff import ORGANIZATION_REF, clinic_resources
from osler.demo.writing.documents import TRANSMITTER
from osler.demo.writing.medications import stocked
from osler.demo.writing.questionnaires import questionnaires

VOUCHED = ("Organization", "Location", "Practitioner", "PractitionerRole", "Medication")


def house(as_of: date) -> list[Json]:
    """The resources of the clinic itself; the Organization first."""
    found = [*clinic_resources(as_of), *questionnaires(), *stocked()]
    return [*found, _provenance(found, as_of)]


def _provenance(resources: list[Json], as_of: date) -> Json:
    clinic = ref(ORGANIZATION_REF)
    return {
        "resourceType": "Provenance",
        "id": "clinic-directory",
        "meta": profile("provenance"),
        "target": [ref(f"{one['resourceType']}/{one['id']}") for one in resources if one["resourceType"] in VOUCHED],
        "recorded": moment(as_of.replace(month=1, day=1), 480),
        "activity": {"coding": [coding(HL7 + "v3-DataOperation", "CREATE", "create")]},
        "agent": [
            {"type": hl7("provenance-participant-type", "author", "Author"), "who": clinic},
            {"type": {"coding": [TRANSMITTER]}, "who": clinic},
        ],
    }
