"""What we promise of US Core: its profiles by type, and the combinations of search parameters it names.

http://hl7.org/fhir/us/core/STU7/CapabilityStatement-us-core-server.html. The judge in tests/conformance/us_core holds every line.
"""

from __future__ import annotations

SERVER = "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"
GUIDE = "http://hl7.org/fhir/us/core/ImplementationGuide/hl7.fhir.us.core"
VERSIONS = ("7.0.0", "6.1.0")
CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
_VITALS = "blood-pressure average-blood-pressure bmi body-height body-temperature body-weight head-circumference heart-rate"
_OBSERVATIONS = (
    "observation-lab observation-clinical-result observation-screening-assessment simple-observation smokingstatus"
    " observation-occupation observation-pregnancystatus observation-pregnancyintent observation-sexual-orientation"
    f" treatment-intervention-preference care-experience-preference {_VITALS} pulse-oximetry respiratory-rate"
)
_NAMES = {
    "AllergyIntolerance": "allergyintolerance",
    "CarePlan": "careplan",
    "CareTeam": "careteam",
    "Condition": "condition-encounter-diagnosis condition-problems-health-concerns",
    "Coverage": "coverage",
    "Device": "implantable-device",
    "DiagnosticReport": "diagnosticreport-lab diagnosticreport-note",
    "DocumentReference": "documentreference",
    "Encounter": "encounter",
    "Goal": "goal",
    "Immunization": "immunization",
    "Location": "location",
    "Medication": "medication",
    "MedicationDispense": "medicationdispense",
    "MedicationRequest": "medicationrequest",
    "Observation": _OBSERVATIONS,
    "Organization": "organization",
    "Patient": "patient",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitionerrole",
    "Procedure": "procedure",
    "Provenance": "provenance",
    "QuestionnaireResponse": "questionnaireresponse",
    "RelatedPerson": "relatedperson",
    "ServiceRequest": "servicerequest",
    "Specimen": "specimen",
}
_UNPREFIXED = ("pediatric-bmi-for-age", "pediatric-weight-for-height", "head-occipital-frontal-circumference-percentile")
PROFILES: dict[str, tuple[str, ...]] = {kind: tuple(f"{CORE}us-core-{name}" for name in names.split()) for kind, names in _NAMES.items()}
"""Type -> the canonical URLs of US Core's profiles of it."""
PROFILES["Observation"] += tuple(CORE + name for name in _UNPREFIXED)

_TOGETHER = {
    "AllergyIntolerance": "patient+clinical-status",
    "CarePlan": "patient+category patient+category+status patient+category+date patient+category+status+date",
    "CareTeam": "patient+status patient+role",
    "Condition": (
        "patient+category patient+clinical-status patient+category+clinical-status patient+category+encounter patient+code"
        " patient+onset-date patient+abatement-date patient+asserted-date patient+recorded-date patient+_lastUpdated"
    ),
    "Device": "patient+status patient+type",
    "DiagnosticReport": (
        "patient+category patient+code patient+category+date patient+code+date patient+status patient+category+_lastUpdated"
    ),
    "DocumentReference": "patient+type patient+category patient+category+date patient+status patient+type+period",
    "Encounter": (
        "date+patient class+patient patient+type patient+status patient+location patient+discharge-disposition patient+_lastUpdated"
    ),
    "Goal": "patient+lifecycle-status patient+description patient+target-date",
    "Immunization": "patient+status patient+date",
    "MedicationDispense": "patient+status patient+status+type",
    "MedicationRequest": "patient+intent patient+intent+status patient+intent+encounter patient+intent+authoredon",
    "Observation": (
        "patient+category patient+code patient+category+date patient+code+date patient+category+status patient+category+_lastUpdated"
    ),
    "Patient": "birthdate+name gender+name birthdate+family family+gender death-date+family",
    "Procedure": "patient+date patient+status patient+code+date",
    "QuestionnaireResponse": "patient+status patient+authored patient+questionnaire",
    "RelatedPerson": "patient+name",
    "ServiceRequest": "patient+category patient+code patient+category+authored patient+code+authored patient+status",
}
COMBINATIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    kind: tuple(tuple(one.split("+")) for one in text.split()) for kind, text in _TOGETHER.items()
}
"""Type -> search parameters that are asked together."""
