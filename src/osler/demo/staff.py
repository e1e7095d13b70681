"""The clinic's own resources: organization, sites, payers, 45 practitioners with their roles, calendars and free slots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from osler.demo.codes import HL7, NPI, TAXONOMY, Json, concept, hl7, moment, profile, ref
from osler.demo.tables.names import FAMILIES, FEMALE, MALE
from osler.demo.tables.staff import ORGANIZATION, ORGANIZATION_NAME, PAYERS, PLACES, SPECIALTIES, Specialty

ORGANIZATION_REF = f"Organization/{ORGANIZATION}"
BOOKABLE = ("family", "internal", "pediatrics", "nurse-practitioner")


@dataclass(frozen=True, slots=True)
class Practitioner:
    """One who works here."""

    id: str
    given: str
    family: str
    sex: str
    specialty: Specialty
    place: int

    @property
    def reference(self) -> str:
        """`Practitioner/dr-01`."""
        return f"Practitioner/{self.id}"

    @property
    def display(self) -> str:
        """How the name is written on a report."""
        return f"{self.given} {self.family}, {self.specialty.letters}"


def npi(number: int) -> str:
    """An NPI-shaped number with a right check digit (Luhn over 80840 + number) from a range never issued."""
    digits = f"80840999{number:06d}"
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits[5:] + str(-total % 10)


def _practitioners() -> tuple[Practitioner, ...]:
    rng = Random("the staff")
    staff: list[Practitioner] = []
    for specialty in SPECIALTIES:
        for _ in range(specialty.members):
            sex = "female" if rng.random() < 0.55 else "male"
            number = len(staff) + 1
            staff.append(
                Practitioner(
                    f"dr-{number:02d}",
                    rng.choice(FEMALE if sex == "female" else MALE),
                    rng.choice(FAMILIES),
                    sex,
                    specialty,
                    number % len(PLACES),
                )
            )
    return tuple(staff)


STAFF = _practitioners()
BY_SPECIALTY: dict[str, tuple[Practitioner, ...]] = {
    specialty.key: tuple(one for one in STAFF if one.specialty.key == specialty.key) for specialty in SPECIALTIES
}


def clinic_resources(as_of: date) -> list[Json]:
    """Everything of the clinic that patients' records point to, in the order in which it must be loaded."""
    return [*_organizations(), *_locations(), _endpoint(), *_people(), *_calendars(as_of)]


def _address(line: str, city: str, postal_code: str) -> Json:
    return {"use": "work", "line": [line], "city": city, "state": "AZ", "postalCode": postal_code, "country": "US"}


def _organizations() -> list[Json]:
    main = PLACES[0]
    clinic: Json = {
        "resourceType": "Organization",
        "id": ORGANIZATION,
        "meta": profile("organization"),
        "identifier": [{"system": NPI, "value": npi(1)}],
        "active": True,
        "type": [hl7("organization-type", "prov", "Healthcare Provider")],
        "name": ORGANIZATION_NAME,
        "telecom": [{"system": "phone", "value": main.phone, "use": "work"}],
        "address": [_address(main.line, main.city, main.postal_code)],
    }
    payers: list[Json] = [
        {
            "resourceType": "Organization",
            "id": payer,
            "meta": profile("organization"),
            "identifier": [{"system": "https://demo.osler.example/ids/payer", "value": f"D{place:04d}"}],
            "active": True,
            "type": [hl7("organization-type", "pay", "Payer")],
            "name": name,
            "telecom": [{"system": "phone", "value": f"520-555-{110 + place:04d}", "use": "work"}],
            "address": [_address(f"{100 * place} Insurance Way", "Phoenix", "85004")],
        }
        for place, (payer, (name, _, _)) in enumerate(PAYERS.items(), 1)
    ]
    return [clinic, *payers]


def _locations() -> list[Json]:
    return [
        {
            "resourceType": "Location",
            "id": place.id,
            "meta": profile("location"),
            "identifier": [{"system": "https://demo.osler.example/ids/site", "value": place.alias.upper().replace(" ", "-")}],
            "status": "active",
            "name": place.name,
            "alias": [place.alias],
            "mode": "instance",
            "type": [concept(HL7 + "v3-RoleCode", "OF", "Outpatient facility")],
            "telecom": [{"system": "phone", "value": place.phone, "use": "work"}],
            "address": _address(place.line, place.city, place.postal_code),
            "physicalType": hl7("location-physical-type", "si", "Site"),
            "position": {"longitude": place.longitude, "latitude": place.latitude},
            "managingOrganization": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
        }
        for place in PLACES
    ]


def _endpoint() -> Json:
    """The clinic's Direct address."""
    return {
        "resourceType": "Endpoint",
        "id": "clinic-direct",
        "status": "active",
        "connectionType": {"system": HL7 + "endpoint-connection-type", "code": "direct-project", "display": "Direct Project"},
        "name": "Direct address",
        "managingOrganization": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
        "payloadType": [{"text": "Any"}],
        "address": "mailto:records@direct.demo.osler.example",
    }


def _people() -> list[Json]:
    found: list[Json] = []
    for number, one in enumerate(STAFF, 1):
        place = PLACES[one.place]
        found.append(
            {
                "resourceType": "Practitioner",
                "id": one.id,
                "meta": profile("practitioner"),
                "identifier": [{"system": NPI, "value": npi(100 + number)}],
                "active": True,
                "name": [{"use": "official", "family": one.family, "given": [one.given], "suffix": [one.specialty.letters]}],
                "telecom": [
                    {"system": "phone", "value": place.phone, "use": "work"},
                    {"system": "email", "value": f"{one.given}.{one.family}@demo.osler.example".lower(), "use": "work"},
                ],
                "address": [_address(place.line, place.city, place.postal_code)],
                "gender": one.sex,
                "qualification": [{"code": {"text": one.specialty.letters}}],
            }
        )
        found.append(
            {
                "resourceType": "PractitionerRole",
                "id": f"role-{one.id}",
                "meta": profile("practitionerrole"),
                "active": True,
                "practitioner": ref(one.reference, one.display),
                "organization": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
                "code": [concept(TAXONOMY, one.specialty.code, one.specialty.name)],
                "specialty": [concept(TAXONOMY, one.specialty.code, one.specialty.name)],
                "location": [ref(f"Location/{place.id}", place.name)],
                "telecom": [{"system": "phone", "value": place.phone, "use": "work"}],
                "endpoint": [ref("Endpoint/clinic-direct")],
            }
        )
    return found


def _calendars(as_of: date) -> list[Json]:
    days = [day for shift in range(1, 10) if (day := as_of + timedelta(days=shift)).weekday() < 5][:5]
    found: list[Json] = []
    for one in STAFF:
        if one.specialty.key not in BOOKABLE:
            continue
        found.append(
            {
                "resourceType": "Schedule",
                "id": f"schedule-{one.id}",
                "active": True,
                "serviceType": [concept(HL7 + "service-type", "124", "General Practice")],
                "actor": [ref(one.reference, one.display), ref(f"Location/{PLACES[one.place].id}")],
                "planningHorizon": {"start": moment(as_of, 0), "end": moment(as_of + timedelta(days=90), 0)},
            }
        )
        found += [
            {
                "resourceType": "Slot",
                "id": f"slot-{one.id}-{day:%Y%m%d}-{minute}",
                "schedule": ref(f"Schedule/schedule-{one.id}"),
                "status": "free",
                "start": moment(day, minute),
                "end": moment(day, minute + 20),
            }
            for day in days
            for minute in (17 * 60, 17 * 60 + 20)
        ]
    return found
