"""What each role may read and write, by FHIR type: the coarse form of the role table in the interface brief.

Row-level rules (own patients, referral scope, sensitivity labels) are not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osler.platform.fhir import TYPES

EVERY = frozenset(TYPES)
DEMOGRAPHICS = frozenset({"Patient", "Person", "RelatedPerson"})
CALENDAR = frozenset({"Appointment", "AppointmentResponse", "Schedule", "Slot"})
DIRECTORY = frozenset(
    {
        "Endpoint",
        "HealthcareService",
        "Location",
        "Organization",
        "OrganizationAffiliation",
        "Practitioner",
        "PractitionerRole",
    }
)
KNOWLEDGE = frozenset(
    {
        "ActivityDefinition",
        "CapabilityStatement",
        "CodeSystem",
        "CompartmentDefinition",
        "ConceptMap",
        "EventDefinition",
        "GraphDefinition",
        "ImplementationGuide",
        "Library",
        "Measure",
        "MessageDefinition",
        "NamingSystem",
        "OperationDefinition",
        "PlanDefinition",
        "Questionnaire",
        "SearchParameter",
        "StructureDefinition",
        "StructureMap",
        "TerminologyCapabilities",
        "ValueSet",
    }
)
"""Definitions: no patient's data is in them."""
INSURANCE = frozenset({"Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse", "InsurancePlan"})
BILLING = INSURANCE | {
    "Account",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "Contract",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "ExplanationOfBenefit",
    "Invoice",
    "PaymentNotice",
    "PaymentReconciliation",
}
OVERSIGHT = frozenset({"AuditEvent", "Consent", "Provenance"})
MACHINERY = frozenset({"Binary", "Bundle", "MessageHeader", "OperationOutcome", "Parameters", "Subscription", "TestReport", "TestScript"})
"""Carriers that may hold anything: for clinical roles, whose reading is widest, and for system clients."""
CLINICAL = EVERY - DEMOGRAPHICS - CALENDAR - DIRECTORY - KNOWLEDGE - BILLING - OVERSIGHT - MACHINERY
CARE = CLINICAL | DEMOGRAPHICS | CALENDAR | DIRECTORY | KNOWLEDGE | INSURANCE | {"Binary", "Bundle", "Consent", "Provenance"}
INTAKE = frozenset({"AllergyIntolerance", "Communication", "Encounter", "Immunization", "Observation", "QuestionnaireResponse", "Task"})
NOT_FOR_ASSISTANTS = frozenset(
    {"ClinicalImpression", "Composition", "Condition", "DiagnosticReport", "DocumentManifest", "DocumentReference", "Media", "ImagingStudy"}
)


@dataclass(frozen=True, slots=True)
class Grant:
    """The types a role may read, and those it may write."""

    read: frozenset[str]
    write: frozenset[str] = frozenset()


ROLES: Mapping[str, Grant] = {
    "physician": Grant(CARE | BILLING, CLINICAL | CALENDAR | {"Binary"}),
    "nurse": Grant(CARE, CLINICAL | CALENDAR | {"Binary"}),
    "consultant": Grant(CARE, CLINICAL | {"Binary"}),
    "ma": Grant(CARE - NOT_FOR_ASSISTANTS, INTAKE | CALENDAR),
    "front.desk": Grant(DEMOGRAPHICS | CALENDAR | DIRECTORY | INSURANCE, DEMOGRAPHICS | CALENDAR | INSURANCE),
    "biller": Grant(
        BILLING | DIRECTORY | KNOWLEDGE | {"Patient", "RelatedPerson", "Appointment", "Condition", "Encounter", "Procedure"}, BILLING
    ),
    "admin": Grant(DIRECTORY | KNOWLEDGE, DIRECTORY | KNOWLEDGE),
    "compliance": Grant(DIRECTORY | {"AuditEvent"}),
    "system": Grant(EVERY, EVERY),
}
