"""Vaccines by the routine schedule: never before they are due, never two doses too close together."""

from __future__ import annotations

from datetime import date

from osler.demo.chart import Chart, Seen
from osler.demo.codes import CVX, HL7, UCUM, Json, coding, concept, hl7, later, profile, ref
from osler.demo.tables.vaccines import (
    ADULT_SCHEDULE,
    CHILD_SCHEDULE,
    COVID_SINCE,
    FLU_TRIVALENT_SINCE,
    INTERVAL_DAYS,
    PCV20_SINCE,
    RSV_SINCE,
    VACCINES,
    ZOSTER_SINCE,
    Dose,
)

ROUTES = {"IM": "Injection, intramuscular", "SC": "Injection, subcutaneous", "PO": "Swallow, oral"}
SINCE = {"zoster": ZOSTER_SINCE, "pcv20": PCV20_SINCE, "rsv": RSV_SINCE, "covid": COVID_SINCE}
AT_ONE_VISIT = 7


def due_date(born: date, dose: Dose) -> date:
    """The first day on which this dose may be given."""
    return later(born, months=dose.due)


def immunize(seen: Seen) -> None:
    """Give what is due at a well visit."""
    if seen.visit.kind not in ("well", "newborn"):
        return
    chart, day = seen.chart, seen.visit.day
    given = 0
    if chart.person.age(day) >= 18 and chart.once("refused vaccine", 0.04):
        _refused(seen)
    months = chart.person.age(day) * 12
    for dose in CHILD_SCHEDULE if months < 216 else ADULT_SCHEDULE:
        if given < AT_ONE_VISIT and _due(chart, dose, day):
            _give(seen, dose.vaccine, dose.number)
            given += 1
    if months >= 216 and not _tetanus_protected(chart, day) and chart.rng.random() < 0.4:
        _give(seen, "td" if "tdap" in chart.doses else "tdap", 1)
    if months >= 6 and day.month in (9, 10, 11, 12, 1) and chart.rng.random() < 0.65:
        _yearly(seen, "flu" if day.year >= FLU_TRIVALENT_SINCE else "flu-quad")
    if months >= 144 and day.year >= COVID_SINCE and day.month in (9, 10, 11, 12) and chart.rng.random() < 0.35:
        _yearly(seen, "covid")


def _refused(seen: Seen) -> None:
    vaccine = VACCINES["pcv20"]
    body: Json = {
        "status": "not-done",
        "statusReason": hl7("v3-ActReason", "PATOBJ", "patient objection"),
        "vaccineCode": concept(CVX, vaccine.cvx, vaccine.name),
        "patient": seen.chart.subject,
        "encounter": seen.encounter,
        "occurrenceDateTime": seen.at(20),
        "recorded": seen.at(22),
        "primarySource": True,
        "location": ref(seen.location),
    }
    seen.chart.add("Immunization", body, profile("immunization"))
    seen.plan.append(f"{vaccine.name} offered and declined.")


def _due(chart: Chart, dose: Dose, day: date) -> bool:
    vaccine = dose.vaccine
    if day < due_date(chart.person.born, dose) or chart.person.age(day) * 12 > dose.until or day.year < SINCE.get(vaccine, 0):
        return False
    number, last = chart.doses.get(vaccine, (0, date.min))
    return number == dose.number - 1 and not (number and (day - last).days < INTERVAL_DAYS)


def _tetanus_protected(chart: Chart, day: date) -> bool:
    return any(name in chart.doses and (day - chart.doses[name][1]).days < 3650 for name in ("td", "tdap"))


def _yearly(seen: Seen, vaccine: str) -> None:
    known = seen.chart.doses.get(vaccine)
    if known is None or (seen.visit.day - known[1]).days > 240:
        _give(seen, vaccine, 1)


def _give(seen: Seen, name: str, number: int) -> None:
    chart, day = seen.chart, seen.visit.day
    chart.doses[name] = (number, day)
    product = name
    if name == "pcv":
        product = "pcv20" if day.year >= PCV20_SINCE else "pcv13"
    vaccine = VACCINES[product]
    body: Json = {
        "status": "completed",
        "vaccineCode": concept(CVX, vaccine.cvx, vaccine.name),
        "patient": chart.subject,
        "encounter": seen.encounter,
        "occurrenceDateTime": seen.at(20),
        "recorded": seen.at(22),
        "primarySource": True,
        "location": ref(seen.location),
        "lotNumber": f"{product[:2].upper()}{(day.toordinal() // 90) % 9000 + 1000}",
        "expirationDate": later(day, 1).isoformat(),
    }
    if vaccine.route != "PO":
        thigh = chart.person.age(day) < 2
        site = ("LT", "left thigh") if thigh else ("LA", "left arm")
        body["site"] = hl7("v3-ActSite", *site)
    body["route"] = {
        "coding": [coding(HL7 + "v3-RouteOfAdministration", vaccine.route if vaccine.route != "SC" else "SQ", ROUTES[vaccine.route])]
    }
    body["doseQuantity"] = {"value": vaccine.millilitres, "unit": "mL", "system": UCUM, "code": "mL"}
    body["performer"] = [{"function": hl7("v2-0443", "AP", "Administering Provider"), "actor": seen.performer}]
    if name not in ("flu", "flu-quad", "covid"):
        body["protocolApplied"] = [{"doseNumberPositiveInt": number}]
    chart.add("Immunization", body, profile("immunization"))
    seen.plan.append(f"{vaccine.name} given.")
