"""Appointments: recent ones kept, missed or cancelled, and the next ones ahead."""

from __future__ import annotations

from datetime import date, timedelta

from osler.demo.chart import Chart
from osler.demo.codes import HL7, Json, concept, hl7, moment, ref
from osler.demo.model import Visit
from osler.demo.staff import Practitioner
from osler.demo.tables.staff import PLACES

SERVICE: list[Json] = [concept(HL7 + "service-type", "124", "General Practice")]
CHECKUP, FOLLOWUP, ROUTINE = (
    hl7("v2-0276", "CHECKUP", "A routine check-up"),
    hl7("v2-0276", "FOLLOWUP", "A follow up visit"),
    hl7("v2-0276", "ROUTINE", "Routine"),
)
RECENT = 120


def write_appointments(chart: Chart) -> None:
    """Past visits of the last months as fulfilled appointments, some missed ones, and what is booked."""
    person = chart.person
    for visit in person.visits:
        if (chart.as_of - visit.day).days <= RECENT and visit.kind in ("well", "followup", "telehealth", "acute"):
            status = "arrived" if visit.day == chart.as_of else "fulfilled"
            _appointment(chart, status, visit.day, visit.minute, _kind(visit), chart.pcp)
    if person.died:
        return
    rng = chart.rng
    if rng.random() < 0.12:
        _appointment(
            chart, "noshow" if rng.random() < 0.5 else "cancelled", _workday(chart.as_of, -rng.randint(3, 90)), 9 * 60, FOLLOWUP, chart.pcp
        )
    if rng.random() < 0.10 and chart.as_of.weekday() < 5 and not any(visit.day == chart.as_of for visit in person.visits):
        _appointment(chart, "booked", chart.as_of, rng.randrange(8 * 60, 16 * 60, 20), ROUTINE, chart.pcp)
    for _ in range(rng.choices((0, 1, 2), (45, 40, 15))[0]):
        _appointment(chart, "booked", _workday(chart.as_of, rng.randint(1, 75)), rng.randrange(8 * 60, 16 * 60, 20), CHECKUP, chart.pcp)


def _kind(visit: Visit) -> Json:
    return CHECKUP if visit.kind == "well" else FOLLOWUP if visit.kind in ("followup", "telehealth") else ROUTINE


def _workday(day: date, shift: int) -> date:
    moved = day + timedelta(days=shift)
    return moved + timedelta(days=(0, 0, 0, 0, 0, 2, 1)[moved.weekday()])


def _appointment(chart: Chart, status: str, day: date, minute: int, kind: Json, practitioner: Practitioner) -> None:
    place = PLACES[practitioner.place]
    accepted = "declined" if status == "cancelled" else "accepted"
    body: Json = {"status": status}
    if status == "cancelled":
        body["cancelationReason"] = hl7("appointment-cancellation-reason", "pat", "Patient")
    body |= {
        "serviceType": SERVICE,
        "appointmentType": kind,
        "start": moment(day, minute),
        "end": moment(day, minute + 20),
        "minutesDuration": 20,
        "created": moment(max(chart.person.born, min(day, chart.as_of) - timedelta(days=14)), 420),
        "participant": [
            {"actor": chart.subject, "required": "required", "status": accepted},
            {"actor": ref(practitioner.reference, practitioner.display), "required": "required", "status": "accepted"},
            {"actor": ref(f"Location/{place.id}", place.name), "required": "required", "status": "accepted"},
        ],
    }
    chart.add("Appointment", body)
