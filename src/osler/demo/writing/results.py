"""Laboratory work from the order to the report: ServiceRequest, Specimen, Observations, DiagnosticReport."""

from __future__ import annotations

from osler.demo import physiology
from osler.demo.chart import Seen
from osler.demo.codes import ACCESSION, LOINC, SNOMED, Json, coding, concept, hl7, profile, quantity, ref
from osler.demo.tables.labs import ANALYTES, PANELS, SITES, SPECIMENS, Analyte, Panel

LAB_CATEGORY: list[Json] = [hl7("observation-category", "laboratory", "Laboratory")]
REPORT_CATEGORY: list[Json] = [hl7("v2-0074", "LAB", "Laboratory")]
ORDER_CATEGORY: list[Json] = [concept(SNOMED, "108252007", "Laboratory procedure")]
LAB_PROFILE, REPORT_PROFILE = profile("observation-lab"), profile("diagnosticreport-lab")
CODES = {key: concept(LOINC, analyte.loinc, analyte.name) for key, analyte in ANALYTES.items()}
INTERPRETATION = {
    flag: [hl7("v3-ObservationInterpretation", flag, words)]
    for flag, words in (
        ("N", "Normal"),
        ("H", "High"),
        ("L", "Low"),
        ("HH", "Critical high"),
        ("LL", "Critical low"),
        ("POS", "Positive"),
        ("NEG", "Negative"),
    )
}
DETECTED, NOT_DETECTED = concept(SNOMED, "260373001", "Detected"), concept(SNOMED, "260415000", "Not detected")
DIPSTICK = {
    "leukocytes": concept(LOINC, "5799-2", "Leukocyte esterase [Presence] in Urine by Test strip"),
    "nitrite": concept(LOINC, "5802-4", "Nitrite [Presence] in Urine by Test strip"),
}
COLOR = concept(LOINC, "5778-6", "Color of Urine")
CRITICAL = {"potassium": (2.8, 6.2), "sodium": (122.0, 158.0), "glucose": (50.0, 400.0), "hemoglobin": (7.0, 20.0)}


def flag(key: str, value: float) -> str:
    """How the laboratory marks a value against its range."""
    analyte = ANALYTES[key]
    low, high = CRITICAL.get(key, (None, None))
    if low is not None and value <= low:
        return "LL"
    if high is not None and value >= high:
        return "HH"
    if analyte.low is not None and value < analyte.low:
        return "L"
    return "H" if analyte.high is not None and value > analyte.high else "N"


def reference_range(analyte: Analyte) -> list[Json]:
    """The range printed beside the value."""
    unit = analyte.shown or analyte.unit
    limits: Json = {}
    if analyte.low is not None:
        limits["low"] = quantity(analyte.low, unit, analyte.unit)
    if analyte.high is not None:
        limits["high"] = quantity(analyte.high, unit, analyte.unit)
    ends = f"{analyte.low}-{analyte.high}" if len(limits) == 2 else f"> {analyte.low}" if "low" in limits else f"< {analyte.high}"
    return [limits | {"text": f"{ends} {unit}"}]


RANGES = {key: reference_range(analyte) for key, analyte in ANALYTES.items()}


def order_panels(seen: Seen, keys: tuple[str, ...]) -> int:
    """Draw once, order and report each panel; gives back the number of results."""
    count, specimens = 0, dict[str, Json]()
    analytes = tuple(dict.fromkeys(name for key in keys for name in PANELS[key].analytes))
    values = physiology.lab_values(seen.chart.person, analytes, seen.visit.day, seen.chart.rng)
    for key in keys:
        panel = PANELS[key]
        if panel.specimen not in specimens:
            specimens[panel.specimen] = write_specimen(seen, panel.specimen)
        order = write_order(seen, panel)
        results = write_results(seen, key, panel, values, order, specimens[panel.specimen])
        write_report(seen, panel, order, results)
        count += len(results)
    return count


def write_specimen(seen: Seen, kind: str) -> Json:
    """What was drawn or collected."""
    code, words = SPECIMENS[kind]
    number = f"A{seen.chart.person.mrn}{seen.visit.day:%y%m%d}{kind[0].upper()}"
    body: Json = {
        "identifier": [{"system": ACCESSION, "value": f"{number}-1"}],
        "accessionIdentifier": {"system": ACCESSION, "value": number},
        "status": "available",
        "type": concept(SNOMED, code, words),
        "subject": seen.chart.subject,
        "receivedTime": seen.at(60),
        "collection": {"collector": seen.performer, "collectedDateTime": seen.at(15)},
        "condition": [hl7("v2-0493", "COOL", "Cool") if kind in ("urine", "nasal") else hl7("v2-0493", "ROOM", "Room temperature")],
    }
    if site := SITES.get(kind):
        body["collection"]["bodySite"] = concept(SNOMED, *site)
    return ref(seen.chart.add("Specimen", body, profile("specimen")))


def write_order(seen: Seen, panel: Panel, status: str = "completed") -> Json:
    """The laboratory order."""
    body: Json = {
        "status": status,
        "intent": "order",
        "category": ORDER_CATEGORY,
        "code": concept(LOINC, panel.loinc, panel.name),
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "occurrenceDateTime": seen.at(15),
        "authoredOn": seen.at(12),
        "requester": seen.performer,
    }
    if seen.diagnoses:
        body["reasonReference"] = [ref(one) for one in seen.diagnoses[:1]]
    return ref(seen.chart.add("ServiceRequest", body, profile("servicerequest")))


def write_results(seen: Seen, key: str, panel: Panel, values: dict[str, float], order: Json, specimen: Json) -> list[Json]:
    """One Observation per analyte; coded findings for rapid tests and the urine strip."""
    results = [write_result(seen, name, values[name], order, specimen) for name in panel.analytes]
    if not panel.analytes:
        positive = bool(seen.visit.acute and seen.visit.acute.diagnosis.key == key)
        results.append(_finding(seen, concept(LOINC, panel.loinc, panel.name), positive, order, specimen))
    if key == "urinalysis":
        infected = bool(seen.visit.acute and seen.visit.acute.diagnosis.key == "uti")
        results += [_finding(seen, code, infected, order, specimen) for code in DIPSTICK.values()]
        results.append(_observe(seen, COLOR, {"valueString": "Yellow"}, order, specimen))
    return results


def write_result(seen: Seen, name: str, value: float, order: Json, specimen: Json, status: str = "final") -> Json:
    """One measured value with its mark and range."""
    analyte = ANALYTES[name]
    mark = flag(name, value)
    if mark != "N":
        seen.findings.append(f"{analyte.name.split(' [')[0]} {value:g} {analyte.shown or analyte.unit} ({mark}).")
    shown: Json = {
        "valueQuantity": quantity(round(value) if analyte.digits == 0 else value, analyte.shown or analyte.unit, analyte.unit),
        "interpretation": INTERPRETATION[mark],
        "specimen": specimen,
        "referenceRange": RANGES[name],
    }
    return _observe(seen, CODES[name], shown, order, specimen, status)


def _finding(seen: Seen, code: Json, positive: bool, order: Json, specimen: Json) -> Json:
    mark = "POS" if positive else "NEG"
    shown: Json = {"valueCodeableConcept": DETECTED if positive else NOT_DETECTED, "interpretation": INTERPRETATION[mark]}
    return _observe(seen, code, shown, order, specimen)


def _observe(seen: Seen, code: Json, shown: Json, order: Json, specimen: Json, status: str = "final") -> Json:
    body: Json = {
        "basedOn": [order],
        "status": status,
        "category": LAB_CATEGORY,
        "code": code,
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "effectiveDateTime": seen.at(15),
        "issued": seen.at(240),
        "performer": [seen.performer],
    }
    return ref(seen.chart.add("Observation", body | {"specimen": specimen} | shown, LAB_PROFILE))


def write_report(seen: Seen, panel: Panel, order: Json, results: list[Json], status: str = "final", id_: str | None = None) -> str:
    """The report that gathers a panel's results."""
    body: Json = {
        "identifier": [{"system": ACCESSION, "value": f"R{seen.chart.person.mrn}{seen.visit.day:%y%m%d}-{panel.loinc}"}],
        "basedOn": [order],
        "status": status,
        "category": REPORT_CATEGORY,
        "code": {"coding": [coding(LOINC, panel.loinc, panel.name)], "text": panel.name},
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "effectiveDateTime": seen.at(15),
        "issued": seen.at(250),
        "performer": [seen.performer],
        "result": results,
    }
    return seen.chart.add("DiagnosticReport", body, REPORT_PROFILE, id_)


def usual_panels(seen: Seen) -> tuple[str, ...]:
    """What a careful practitioner draws at this visit for this patient."""
    person, day, visit = seen.chart.person, seen.visit.day, seen.visit
    if visit.panels is not None:
        return visit.panels
    if visit.acute:
        return (visit.acute.test,) if visit.acute.test else ()
    age = person.age(day)
    if visit.kind == "newborn":
        return ("newborn-bilirubin",)
    if visit.kind == "well":
        months = age * 12
        if age < 18:
            return ("lead", "cbc") if 11 < months < 14.5 or 23 < months < 26.5 else ()
        if seen.chart.rng.random() < 0.5:
            return ("lipid",) if age > 40 else ()
        return (
            ("cmp" if age > 50 else "bmp", "cbc", "lipid")
            + (("a1c",) if age > 45 else ())
            + (("psa",) if age > 60 and person.sex == "male" else ())
        )
    if visit.kind in ("telehealth", "addiction"):
        return ()
    wanted: list[str] = ["cmp", "cbc"] if visit.kind == "inpatient" else []
    for key, panels in MONITORING.items():
        if person.problem(key, day):
            wanted += panels
    return tuple(dict.fromkeys(wanted))


MONITORING: dict[str, tuple[str, ...]] = {
    "diabetes": ("a1c", "bmp", "acr"),
    "prediabetes": ("a1c",),
    "hypertension": ("bmp",),
    "ckd": ("bmp", "acr"),
    "hyperlipidemia": ("lipid",),
    "hypothyroidism": ("thyroid",),
    "anemia": ("cbc", "ferritin"),
    "gout": ("uric-acid",),
    "heart-failure": ("bmp", "bnp"),
    "rheumatoid-arthritis": ("cbc", "crp"),
}
