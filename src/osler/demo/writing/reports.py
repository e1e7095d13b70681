"""Examinations that end in words: the report, the text as a file, and the measured findings that go with it.

US Core asks that what hangs on such a report is also filed as a document:
http://hl7.org/fhir/us/core/clinical-notes.html
"""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple

from osler.demo.chart import Seen
from osler.demo.codes import LOINC, SNOMED, Json, coding, concept, hl7, profile, quantity, ref
from osler.demo.staff import ORGANIZATION_REF
from osler.demo.tables.staff import ORGANIZATION_NAME
from osler.demo.writing.documents import CATEGORY, FORMAT

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
"""One grey pixel: the demo clinic keeps no real pictures."""
RADIOLOGY = coding(LOINC, "LP29684-5", "Radiology")
CARDIOLOGY = coding(LOINC, "LP29708-2", "Cardiology")
PATHOLOGY = coding(LOINC, "LP7839-6", "Pathology")
IMAGING_NOTE = coding(LOINC, "18748-4", "Diagnostic imaging study")
PATHOLOGY_NOTE = coding(LOINC, "11526-1", "Pathology study")
PROCEDURE_NOTE = coding(LOINC, "28570-0", "Procedure note")
LAB_REPORT = coding(LOINC, "11502-2", "Laboratory report")
FINDING = concept(LOINC, "18782-3", "Radiology Study observation (narrative)")
EKG = concept(LOINC, "8601-7", "EKG impression")
SINUS = concept(SNOMED, "426783006", "Sinus rhythm")
FEV1 = concept(LOINC, "20150-9", "FEV1")


class Study(NamedTuple):
    """One kind of examination: category and code of its report, the kind of document, and what it usually says."""

    category: Json
    code: tuple[str, str]
    document: Json
    words: str


STUDIES = {
    "chest-xray": Study(RADIOLOGY, ("36643-5", "XR Chest 2 Views"), IMAGING_NOTE, "Lungs clear. Heart of normal size. No effusion."),
    "ankle-xray": Study(RADIOLOGY, ("18748-4", "Diagnostic imaging study"), IMAGING_NOTE, "No fracture. Mild swelling of soft tissue."),
    "mammography": Study(RADIOLOGY, ("24606-6", "MG Breast Screening"), IMAGING_NOTE, "No sign of malignancy. BI-RADS 1."),
    "colonoscopy": Study(PATHOLOGY, ("11526-1", "Pathology study"), PATHOLOGY_NOTE, "Hyperplastic polyp, 4 mm. No dysplasia."),
    "ecg": Study(CARDIOLOGY, ("11524-6", "EKG study"), coding(LOINC, "11524-6", "EKG study"), "Sinus rhythm, no acute changes."),
}
NOTED = {
    "suture": "Wound cleaned, three sutures under local anesthesia, dry dressing.",
    "colonoscopy": "Caecum reached, one polyp removed.",
}


def report_on(seen: Seen, key: str, order: Json | None = None) -> None:
    """What an examination leaves behind."""
    if key == "spirometry":
        litres = round(1.6 + 0.02 * (100 - min(95, seen.chart.person.age(seen.visit.day))), 2)
        result(seen, FEV1, "procedure", "Procedure", {"valueQuantity": quantity(litres, "L")})
    if key in NOTED:
        _document(seen, _file(seen, NOTED[key]), PROCEDURE_NOTE, NOTED[key])
    if key in STUDIES:
        _report(seen, STUDIES[key], _found(seen, key), order)


def _found(seen: Seen, key: str) -> list[Json]:
    if key == "ecg":
        return [result(seen, EKG, "procedure", "Procedure", {"valueCodeableConcept": SINUS})]
    if key.endswith("xray"):
        return [result(seen, FINDING, "imaging", "Imaging", {"valueString": STUDIES[key].words})]
    return []


def result(seen: Seen, code: Json, category: str, words: str, value: Json) -> Json:
    """One finding of an examination that is no laboratory test."""
    body: Json = {
        "status": "final",
        "category": [hl7("observation-category", category, words)],
        "code": code,
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "effectiveDateTime": seen.at(30),
        "issued": seen.at(40),
        "performer": [seen.performer],
    }
    return ref(seen.chart.add("Observation", body | value, profile("observation-clinical-result")))


def _report(seen: Seen, study: Study, results: list[Json], order: Json | None) -> None:
    attachment = _file(seen, study.words)
    body: Json = {"basedOn": [order]} if order else {}
    body |= {
        "status": "final",
        "category": [{"coding": [study.category]}],
        "code": concept(LOINC, *study.code),
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "effectiveDateTime": seen.at(30),
        "issued": seen.at(90),
        "performer": [seen.performer, ref(ORGANIZATION_REF, ORGANIZATION_NAME)],
    }
    if results:
        body["result"] = results
    if study.category == RADIOLOGY:
        body["media"] = [{"comment": "Key image", "link": _picture(seen, study)}]
    body |= {"conclusion": study.words, "presentedForm": [attachment]}
    seen.chart.add("DiagnosticReport", body, profile("diagnosticreport-note"))
    _document(seen, attachment, study.document, study.words)


def _file(seen: Seen, words: str) -> Json:
    """The text as a file of its own; whoever may see the patient's documents may see it."""
    body: Json = {
        "contentType": "text/plain",
        "securityContext": seen.chart.subject,
        "data": b64encode(f"{words}\n\n{seen.practitioner.display}\n".encode()).decode(),
    }
    return {"contentType": "text/plain", "url": seen.chart.add("Binary", body), "title": "Report"}


def _picture(seen: Seen, study: Study) -> Json:
    body: Json = {
        "status": "completed",
        "type": hl7("media-type", "image", "Image"),
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "createdDateTime": seen.at(30),
        "issued": seen.at(31),
        "operator": seen.performer,
        "content": {"contentType": "image/png", "data": PICTURE, "title": study.code[1]},
    }
    return ref(seen.chart.add("Media", body))


def _document(seen: Seen, attachment: Json, kind: Json, words: str) -> None:
    number = attachment["url"].split("/")[1]
    body: Json = {
        "identifier": [{"system": "https://demo.osler.example/ids/document", "value": f"D{number}"}],
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [kind], "text": kind["display"]},
        "category": CATEGORY,
        "subject": seen.chart.subject,
        "date": seen.at(95),
        "author": [seen.performer],
        "custodian": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
        "description": words,
        "content": [{"attachment": attachment, "format": FORMAT}],
        "context": {"encounter": [seen.encounter], "period": {"start": seen.at(0), "end": seen.at(30)}},
    }
    seen.chart.add("DocumentReference", body, profile("documentreference"))


def file_lab_report(seen: Seen, words: str) -> None:
    """A laboratory report that came on paper and was scanned."""
    _document(seen, _file(seen, words), LAB_REPORT, words)
