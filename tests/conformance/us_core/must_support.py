"""US Core 7.0.0's must-support elements, profile by profile: each line must be found at least once in the whole data set.

Alternatives on one line are parted by ` / `. Paths are those of `elements.found`. Facts of http://hl7.org/fhir/us/core/STU7/.
"""

from __future__ import annotations

from tests.conformance.us_core.table import CORE, GROUPS, words

OBS = "http://terminology.hl7.org/CodeSystem/observation-category"


def coded(path: str, *codes: str) -> list[str]:
    """The element with each of these codes."""
    return [f"{path}{{coding.code={code}}}" for code in codes]


def lines(text: str) -> list[str]:
    """One path or choice of paths a line."""
    return [line.strip() for line in text.strip().splitlines()]


def core(name: str) -> str:
    """One of US Core's extensions."""
    return f"extension{{url={CORE}us-core-{name}}}"


VALUES = lines("valueQuantity.value\nvalueCodeableConcept.coding.code\nvalueString")
VITAL = [*coded("category", "vital-signs"), *lines("effectiveDateTime\nvalueQuantity.value\nvalueQuantity.unit\nvalueQuantity.code")]
VITAL += ["valueQuantity{system=http://unitsofmeasure.org}"]
SORTS_OF_ORDER = words("sdoh functional-status disability-status cognitive-status 108252007 363679005 409063005 409073007 387713003")
REASON = ["reasonCode / reasonReference"]
DOSE = lines("dosageInstruction.text\ndosageInstruction.timing\ndosageInstruction.doseAndRate.doseQuantity")
ADDRESS = lines("address.line\naddress.city\naddress.state\naddress.postalCode")
PRESSURES = [
    f"component{{code.coding.code={code}}}.valueQuantity{{code=mm[Hg]}}{part}"
    for code in ("8480-6", "8462-4")
    for part in ("", ".value", ".unit", ".system")
]
VITALS = {
    "heart-rate": "/min",
    "respiratory-rate": "/min",
    "body-temperature": "Cel",
    "body-height": "cm",
    "body-weight": "kg",
    "bmi": "kg/m2",
    "head-circumference": "cm",
    "pediatric-bmi-for-age": "%",
    "pediatric-weight-for-height": "%",
    "head-occipital-frontal-circumference-percentile": "%",
}
MUST_SUPPORT: dict[str, list[str]] = {
    "patient": [
        *lines(
            """
            identifier.system
            identifier.value
            name.family
            name.given
            name.suffix
            name{use=old} / name.period.end
            telecom.system
            telecom.value
            telecom.use
            gender
            birthDate
            deceasedDateTime
            address{use=old} / address.period.end
            communication.language
            """
        ),
        *ADDRESS,
        *(core(name) for name in ("race", "ethnicity", "tribal-affiliation", "sex")),
    ],
    "allergyintolerance": lines("clinicalStatus\nverificationStatus\ncode\npatient\nreaction.manifestation"),
    "careplan": [*lines("text.status\ntext.div\nstatus\nintent\nsubject"), *coded("category", "assess-plan")],
    "careteam": lines("status\nsubject\nparticipant.role\nparticipant.member"),
    "condition-encounter-diagnosis": [
        *coded("category", "encounter-diagnosis"),
        *lines("clinicalStatus\nverificationStatus\ncode\nsubject\nencounter\nonsetDateTime\nabatementDateTime\nrecordedDate"),
    ],
    "condition-problems-health-concerns": [
        *coded("category", "problem-list-item", "health-concern"),
        " / ".join(coded("category", "sdoh", "functional-status", "disability-status", "cognitive-status")),
        *lines("meta.lastUpdated\nclinicalStatus\nverificationStatus\ncode\nsubject\nabatementDateTime\nrecordedDate"),
        "onsetDateTime / extension{url=http://hl7.org/fhir/StructureDefinition/condition-assertedDate}",
    ],
    "coverage": [
        "identifier{type.coding.code=MB}",
        *lines("status\ntype\nsubscriberId\nbeneficiary\nrelationship\nperiod\npayor"),
        "class{type.coding.code=group}.value",
        "class{type.coding.code=plan}.value",
        "class{type.coding.code=plan}.name",
    ],
    "implantable-device": lines(
        "udiCarrier.deviceIdentifier\nudiCarrier.carrierHRF\ndistinctIdentifier\nmanufactureDate\nexpirationDate\nlotNumber\n"
        "serialNumber\ntype\npatient"
    ),
    "diagnosticreport-note": [
        *coded("category", "LP29684-5", "LP29708-2", "LP7839-6"),
        *lines("status\ncode\nsubject\nencounter\neffectiveDateTime\nissued\nperformer\nresult\nmedia.link\npresentedForm"),
    ],
    "diagnosticreport-lab": [
        *coded("category", "LAB"),
        *lines("meta.lastUpdated\nstatus\ncode\nsubject\nencounter\neffectiveDateTime\nissued\nperformer\nresult"),
    ],
    "documentreference": [
        *coded("category", "clinical-note"),
        *lines(
            """
            identifier
            status
            type
            subject
            date
            author
            content.attachment.contentType
            content.attachment.data / content.attachment.url
            content.format
            context.encounter
            context.period
            """
        ),
    ],
    "encounter": lines(
        """
        meta.lastUpdated
        identifier.system
        identifier.value
        status
        class
        type
        subject
        participant.type
        participant.period
        participant.individual
        period
        reasonCode / reasonReference
        hospitalization.dischargeDisposition
        location.location / serviceProvider
        """
    ),
    "goal": lines("lifecycleStatus\ndescription\nsubject\nstartDate / target.dueDate"),
    "immunization": lines("status\nstatusReason\nvaccineCode\npatient\nencounter\noccurrenceDateTime\nprimarySource\nlocation"),
    "location": [*lines("identifier\nstatus\nname\ntype\ntelecom\nmanagingOrganization"), *ADDRESS],
    "medication": ["code"],
    "medicationrequest": [
        *coded("category", "inpatient", "outpatient", "community", "discharge"),
        *lines("status\nintent\nsubject\nencounter\nauthoredOn\nrequester\nreportedBoolean / reportedReference"),
        "medicationCodeableConcept / medicationReference",
        *REASON,
        *DOSE,
        *lines("dispenseRequest.numberOfRepeatsAllowed\ndispenseRequest.quantity"),
        core("medication-adherence"),
    ],
    "medicationdispense": [
        *lines("status\nmedicationCodeableConcept / medicationReference\nsubject\ncontext\nperformer.actor\nauthorizingPrescription"),
        *lines("type\nquantity\nwhenHandedOver"),
        *DOSE,
    ],
    "organization": [
        *lines("identifier.system\nidentifier.value\nactive\nname\ntelecom.system\ntelecom.value\naddress.country"),
        *ADDRESS,
        "identifier{system=http://hl7.org/fhir/sid/us-npi}",
    ],
    "practitioner": [
        "identifier{system=http://hl7.org/fhir/sid/us-npi}",
        *lines("identifier.value\nname.family\ntelecom.system\ntelecom.value\naddress.line"),
    ],
    "practitionerrole": lines("practitioner\norganization\ncode\nspecialty\nlocation\ntelecom.system\ntelecom.value\nendpoint"),
    "procedure": [*lines("basedOn\nstatus\ncode\nsubject\nencounter\nperformedDateTime"), *REASON],
    "provenance": [
        *lines("target.reference\nrecorded\nagent.type\nagent.who\nagent.onBehalfOf"),
        *coded("agent.type", "author", "transmitter"),
    ],
    "questionnaireresponse": [
        *lines(
            """
            identifier
            questionnaire
            status
            subject
            authored
            author
            item.linkId
            item.text
            item.item
            item.answer.valueDecimal
            item.answer.valueString
            item.item.answer.valueCoding
            """
        ),
        "_questionnaire.extension{url=http://hl7.org/fhir/StructureDefinition/display}",
        f"_questionnaire.extension{{url={CORE}us-core-extension-questionnaire-uri}}",
    ],
    "relatedperson": lines("active\npatient\nrelationship\nname\ntelecom\naddress"),
    "servicerequest": [
        " / ".join(coded("category", *SORTS_OF_ORDER)),
        *lines("status\nintent\ncategory\ncode\nsubject\nencounter\noccurrencePeriod\nauthoredOn\nrequester"),
        *REASON,
    ],
    "specimen": lines("identifier\naccessionIdentifier\ntype\nsubject\ncollection.bodySite\ncondition"),
    "observation-lab": [
        *coded("category", "laboratory"),
        *lines("meta.lastUpdated\nstatus\ncode\nsubject\nencounter\neffectiveDateTime\ninterpretation\nspecimen\nreferenceRange"),
        *VALUES,
    ],
    "observation-clinical-result": [
        " / ".join(coded("category", "laboratory", "exam", "therapy", "imaging", "procedure", "vital-signs", "activity")),
        *lines("status\ncode\nsubject\nencounter\neffectiveDateTime"),
        *VALUES,
    ],
    "observation-screening-assessment": [
        *coded("category", "survey"),
        " / ".join(coded("category", "sdoh", "functional-status", "disability-status", "cognitive-status")),
        *lines("status\ncode\nsubject\neffectiveDateTime\nperformer\nhasMember / derivedFrom"),
        *VALUES,
    ],
    "simple-observation": [*lines("status\ncategory\ncode\nsubject\neffectiveDateTime\nperformer\nderivedFrom\nvalueBoolean"), *VALUES],
    "smokingstatus": [
        *coded("category", "social-history"),
        *lines("status\ncode\nsubject\neffectiveDateTime / effectivePeriod\nvalueCodeableConcept\nvalueQuantity"),
    ],
    "observation-occupation": [
        *coded("category", "social-history"),
        *coded("code", "11341-5"),
        *lines("status\nsubject\neffectivePeriod\nvalueCodeableConcept"),
        "component{code.coding.code=86188-0}.valueCodeableConcept",
    ],
    "observation-pregnancystatus": [*coded("category", "social-history"), *lines("effectiveDateTime\nvalueCodeableConcept")],
    "observation-pregnancyintent": [*coded("category", "social-history"), *lines("effectiveDateTime\nvalueCodeableConcept")],
    "observation-sexual-orientation": lines("status\ncode\nsubject\neffectiveDateTime\nvalueCodeableConcept"),
    "treatment-intervention-preference": [
        *coded("category", "treatment-intervention-preference"),
        *lines("effectiveDateTime\nvalueString\nvalueCodeableConcept"),
    ],
    "care-experience-preference": [
        *coded("category", "care-experience-preference"),
        *lines("effectiveDateTime\nvalueString\nvalueCodeableConcept"),
    ],
    "average-blood-pressure": [
        *coded("category", "vital-signs"),
        "effectivePeriod",
        "component{code.coding.code=96608-5}.valueQuantity{code=mm[Hg]}.value",
        "component{code.coding.code=96609-3}.valueQuantity{code=mm[Hg]}.value",
        "component.dataAbsentReason",
    ],
    "blood-pressure": [*coded("category", "vital-signs"), "effectiveDateTime", *PRESSURES, "component.dataAbsentReason"],
    "pulse-oximetry": [
        *VITAL,
        "valueQuantity{code=%}",
        *coded("code", "59408-5", "2708-6"),
        "component{code.coding.code=3151-8}.valueQuantity{code=L/min}.value",
        "component{code.coding.code=3150-0}.valueQuantity{code=%}.value",
    ],
} | {name: [*VITAL, f"valueQuantity{{code={unit}}}"] for name, unit in VITALS.items()}

TARGETS: dict[str, dict[str, tuple[str, ...]]] = {
    "careteam": {"participant.member": ("practitioner", "practitionerrole", "relatedperson")},
    "coverage": {"payor": ("organization",)},
    "condition-encounter-diagnosis": {"encounter": ("encounter",)},
    "diagnosticreport-note": {
        "encounter": ("encounter",),
        "performer": ("practitioner", "organization"),
        "result": ("observation-lab / observation-clinical-result",),
    },
    "diagnosticreport-lab": {"encounter": ("encounter",), "performer": ("practitioner",), "result": ("observation-lab",)},
    "documentreference": {"author": ("practitioner",), "context.encounter": ("encounter",)},
    "encounter": {
        "participant.individual": ("practitioner",),
        "serviceProvider": ("organization",),
        "location.location": ("location",),
    },
    "immunization": {"encounter": ("encounter",), "location": ("location",)},
    "location": {"managingOrganization": ("organization",)},
    "medicationdispense": {
        "context": ("encounter",),
        "performer.actor": ("organization",),
        "authorizingPrescription": ("medicationrequest",),
        "medicationReference": ("medication",),
    },
    "medicationrequest": {"encounter": ("encounter",), "requester": ("practitioner",), "medicationReference": ("medication",)},
    "observation-lab": {"encounter": ("encounter",), "specimen": ("specimen",), "performer": ("practitioner",)},
    "observation-clinical-result": {"encounter": ("encounter",)},
    "observation-screening-assessment": {
        "performer": ("practitioner",),
        "derivedFrom": ("observation-screening-assessment / questionnaireresponse",),
        "hasMember": ("observation-screening-assessment",),
    },
    "practitionerrole": {"practitioner": ("practitioner",), "organization": ("organization",), "location": ("location",)},
    "procedure": {"encounter": ("encounter",), "basedOn": ("servicerequest",)},
    "provenance": {"agent.who": ("organization", "practitioner"), "agent.onBehalfOf": ("organization",)},
    "questionnaireresponse": {"author": ("patient",)},
    "servicerequest": {"encounter": ("encounter",), "requester": ("practitioner",)},
}
"""Group -> path of a reference -> profiles, of each of which at least one target must be readable and conform."""

assert MUST_SUPPORT.keys() == {group.name for group in GROUPS}
