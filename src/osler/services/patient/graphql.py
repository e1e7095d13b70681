"""Where the app API's patients and charts come from."""

from __future__ import annotations

from osler.platform.readplan import Call, Chart, Derived, FieldPlan, Record
from osler.services.patient.rules import PatientFacts, birth_sex, deceased, display_name, ethnicity, race, record_number
from osler.services.patient.workflows.find_patients import find_patients

FIELDS: dict[str, FieldPlan] = {
    "Query.patients": Call(find_patients, "search", "Patient", lambda arguments: arguments.get("first") or 20),
    "Query.patient": Record("Patient"),
    "Query.chart": Chart(),
    "Patient.displayName": Derived(PatientFacts, display_name),
    "Patient.mrn": Derived(PatientFacts, record_number),
    "Patient.birthSex": Derived(PatientFacts, birth_sex),
    "Patient.race": Derived(PatientFacts, race),
    "Patient.ethnicity": Derived(PatientFacts, ethnicity),
    "Patient.deceased": Derived(PatientFacts, deceased),
}
