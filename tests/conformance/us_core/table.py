"""US Core 7.0.0's searches, group by group, as its CapabilityStatement has them: what a server SHALL and SHOULD answer.

Facts of http://hl7.org/fhir/us/core/STU7/CapabilityStatement-us-core-server.html; the order of the tests is the certification kit's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
PLAIN_NAMES = frozenset({"pediatric-bmi-for-age", "pediatric-weight-for-height", "head-occipital-frontal-circumference-percentile"})
"""Profiles whose address lacks the prefix `us-core-`."""


@dataclass(frozen=True)
class Group:
    """One profile: its searches (parameters joined by `+`), the first of them, and the values the profile itself fixes."""

    name: str
    type: str
    shall: tuple[str, ...] = ()
    should: tuple[str, ...] = ()
    first: str = ""
    fixed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    """Date parameters for which gt, ge, lt and le SHALL work."""
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Token parameters that take several values at once, with all legal codes; none named: those of the pool."""
    includes: tuple[str, ...] = ()
    by_reference: bool = False
    """True where the instances are those the other groups point at."""

    @property
    def profile(self) -> str:
        """The canonical address of the profile."""
        return CORE + (self.name if self.name in PLAIN_NAMES else f"us-core-{self.name}")


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


REPORTS = words("registered partial preliminary final amended corrected appended cancelled entered-in-error unknown")
OBSERVED = words("registered preliminary final amended corrected cancelled entered-in-error unknown")
ORDERED = words("draft active on-hold revoked completed entered-in-error unknown")
DONE = words("preparation in-progress not-done on-hold stopped completed entered-in-error unknown")
PRESCRIBED = words("active on-hold cancelled completed entered-in-error stopped draft unknown")
DISPENSED = words("preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown")
INTENTS = words("proposal plan order original-order reflex-order filler-order instance-order option")
TEAMS = words("proposed active suspended inactive entered-in-error")
FORMS = words("in-progress completed amended entered-in-error stopped")

PATIENT = Group(
    "patient",
    "Patient",
    words("_id identifier name birthdate+name gender+name"),
    words("birthdate+family family+gender death-date+family"),
    "_id",
)
CONDITION_SHOULD = words(
    "patient+clinical-status patient+category+clinical-status patient+category+encounter patient+code patient+onset-date"
    " patient+abatement-date patient+asserted-date patient+recorded-date patient+_lastUpdated"
)
CONDITION_DATES = words("onset-date abatement-date asserted-date recorded-date")


def condition(name: str, *categories: str) -> Group:
    """Condition, once for what a visit found and once for the lists."""
    return Group(
        name,
        "Condition",
        words("patient patient+category"),
        CONDITION_SHOULD,
        "patient+category",
        {"category": categories},
        CONDITION_DATES,
    )


def report(name: str, *categories: str) -> Group:
    """DiagnosticReport, once of the laboratory and once as a note."""
    return Group(
        name,
        "DiagnosticReport",
        words("patient patient+category patient+code patient+category+date"),
        words("patient+code+date patient+status patient+category+_lastUpdated"),
        "patient+category",
        {"category": categories},
        ("date",),
        {"status": REPORTS, "code": ()},
    )


def observation(name: str, categories: tuple[str, ...], codes: tuple[str, ...] = ()) -> Group:
    """One of the 24 Observation profiles: known by its code, else by its category."""
    return Group(
        name,
        "Observation",
        words("patient+category patient+code patient+category+date"),
        words("patient+code+date patient+category+status patient+category+_lastUpdated"),
        "patient+code" if codes else "patient+category",
        {"code": codes} if codes else {"category": categories},
        ("date",),
        {"status": OBSERVED, "code": ()},
    )


VITAL, SOCIAL = ("vital-signs",), ("social-history",)
OBSERVATIONS = (
    observation("observation-lab", ("laboratory",)),
    observation("observation-clinical-result", words("laboratory exam therapy imaging procedure vital-signs activity")),
    observation("observation-screening-assessment", ("survey",)),
    observation("simple-observation", SOCIAL),
    observation("smokingstatus", SOCIAL, words("11367-0 72166-2 401201003 782516008")),
    observation("observation-occupation", SOCIAL, ("11341-5",)),
    observation("observation-pregnancystatus", SOCIAL, ("82810-3",)),
    observation("observation-pregnancyintent", SOCIAL, ("86645-9",)),
    observation("observation-sexual-orientation", SOCIAL, ("76690-7",)),
    observation("treatment-intervention-preference", ("treatment-intervention-preference",), ("75773-2",)),
    observation("care-experience-preference", ("care-experience-preference",), ("95541-9",)),
    observation("average-blood-pressure", VITAL, ("96607-7",)),
    observation("blood-pressure", VITAL, ("85354-9",)),
    observation("pulse-oximetry", VITAL, words("59408-5 2708-6")),
    observation("heart-rate", VITAL, ("8867-4",)),
    observation("respiratory-rate", VITAL, ("9279-1",)),
    observation("body-temperature", VITAL, ("8310-5",)),
    observation("body-height", VITAL, ("8302-2",)),
    observation("body-weight", VITAL, ("29463-7",)),
    observation("bmi", VITAL, ("39156-5",)),
    observation("head-circumference", VITAL, ("9843-4",)),
    observation("pediatric-bmi-for-age", VITAL, ("59576-9",)),
    observation("pediatric-weight-for-height", VITAL, ("77606-2",)),
    observation("head-occipital-frontal-circumference-percentile", VITAL, ("8289-1",)),
)
OF_PATIENTS = (
    PATIENT,
    Group("allergyintolerance", "AllergyIntolerance", ("patient",), ("patient+clinical-status",), "patient"),
    Group(
        "careplan",
        "CarePlan",
        ("patient+category",),
        words("patient+category+status patient+category+date patient+category+status+date"),
        "patient+category",
        {"category": ("assess-plan",)},
        ("date",),
        {"status": words("draft active on-hold revoked completed entered-in-error unknown")},
    ),
    Group(
        "careteam",
        "CareTeam",
        ("patient+status",),
        words("patient+role role"),
        "patient+status",
        {"status": TEAMS},
        listed={"status": TEAMS},
        includes=("CareTeam:participant",),
    ),
    condition("condition-encounter-diagnosis", "encounter-diagnosis"),
    condition("condition-problems-health-concerns", "problem-list-item", "health-concern"),
    Group("coverage", "Coverage", ("patient",), (), "patient"),
    Group(
        "implantable-device",
        "Device",
        ("patient",),
        words("patient+status patient+type"),
        "patient",
        listed={"status": words("active inactive entered-in-error unknown")},
    ),
    report("diagnosticreport-note", "LP29684-5", "LP29708-2", "LP7839-6"),
    report("diagnosticreport-lab", "LAB"),
    Group(
        "documentreference",
        "DocumentReference",
        words("_id patient patient+type patient+category patient+category+date"),
        words("patient+status patient+type+period"),
        "patient",
        {"category": ("clinical-note",)},
        words("date period"),
        {"status": words("current superseded entered-in-error")},
    ),
    Group(
        "encounter",
        "Encounter",
        words("_id patient date+patient"),
        words("identifier class+patient patient+type patient+status patient+location patient+discharge-disposition patient+_lastUpdated"),
        "patient",
        {},
        ("date",),
    ),
    Group(
        "goal",
        "Goal",
        ("patient",),
        words("patient+lifecycle-status patient+description patient+target-date"),
        "patient",
        {},
        ("target-date",),
    ),
    Group("immunization", "Immunization", ("patient",), words("patient+status patient+date"), "patient", {}, ("date",)),
    Group(
        "medicationrequest",
        "MedicationRequest",
        words("patient+intent patient+intent+status"),
        words("patient+intent+encounter patient+intent+authoredon"),
        "patient+intent",
        {"intent": INTENTS},
        ("authoredon",),
        {"intent": INTENTS, "status": PRESCRIBED},
        ("MedicationRequest:medication",),
    ),
    Group(
        "medicationdispense",
        "MedicationDispense",
        ("patient",),
        words("patient+status patient+status+type"),
        "patient",
        listed={"status": DISPENSED, "type": ()},
        includes=("MedicationDispense:medication",),
    ),
    *OBSERVATIONS,
    Group(
        "procedure",
        "Procedure",
        words("patient patient+date"),
        words("patient+status patient+code+date"),
        "patient",
        {},
        ("date",),
        {"status": DONE, "code": ()},
    ),
    Group(
        "questionnaireresponse",
        "QuestionnaireResponse",
        words("_id patient"),
        words("patient+status patient+authored patient+questionnaire"),
        "patient",
        {},
        ("authored",),
        {"status": FORMS},
    ),
    Group(
        "servicerequest",
        "ServiceRequest",
        words("_id patient patient+category patient+code patient+category+authored"),
        words("patient+code+authored patient+status"),
        "patient",
        {},
        ("authored",),
        {"status": ORDERED, "code": ()},
    ),
)
BY_REFERENCE = (
    Group("location", "Location", words("name address"), words("address-city address-state address-postalcode"), by_reference=True),
    Group("medication", "Medication", by_reference=True),
    Group("organization", "Organization", words("name address"), by_reference=True),
    Group("practitioner", "Practitioner", words("name identifier"), ("_id",), by_reference=True),
    Group(
        "practitionerrole",
        "PractitionerRole",
        words("specialty practitioner"),
        includes=words("PractitionerRole:practitioner PractitionerRole:endpoint"),
        by_reference=True,
    ),
    Group("relatedperson", "RelatedPerson", ("_id",), words("patient name patient+name"), by_reference=True),
    Group("specimen", "Specimen", ("_id",), ("patient",), by_reference=True),
    Group("provenance", "Provenance", by_reference=True),
)
GROUPS = (*OF_PATIENTS, *BY_REFERENCE)
NOTES = words("11488-4 18842-5 34117-2 28570-0 11506-3 18748-4 11502-2 11526-1")
"""The kinds of clinical note a server must hold, http://hl7.org/fhir/us/core/clinical-notes.html"""
REPORT_KINDS = words("LP29684-5 LP29708-2 LP7839-6")
SCREENINGS = words("sdoh functional-status disability-status cognitive-status activity social-history")
