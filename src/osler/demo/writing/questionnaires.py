"""The PHQ-9 as a form and as it was filled in. US Core: http://hl7.org/fhir/us/core/StructureDefinition-us-core-questionnaireresponse.html"""

from __future__ import annotations

from osler.demo.chart import Seen
from osler.demo.codes import LOINC, Json, coding, profile
from osler.demo.tables.questions import ANSWERS, PHQ9_ITEMS

PHQ9_FORM = "https://demo.osler.example/forms/phq-9"
PHQ9_TITLE = "Patient Health Questionnaire (PHQ-9)"
SHOWN = "http://hl7.org/fhir/StructureDefinition/display"
AT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-extension-questionnaire-uri"
OPENING = "Over the last two weeks, how often have you been bothered by any of the following problems?"
OWN_WORDS = ("Sleeping better since the walks.", "Work has been hard.", "Nothing else to add.", "Family helps a lot.")


def questionnaires() -> list[Json]:
    """The forms the clinic hands out."""
    questions: list[Json] = [
        {
            "linkId": code,
            "code": [coding(LOINC, code, words)],
            "text": words,
            "type": "choice",
            "answerOption": [{"valueCoding": coding(LOINC, *answer)} for answer in ANSWERS],
        }
        for code, words in PHQ9_ITEMS
    ]
    return [
        {
            "resourceType": "Questionnaire",
            "id": "phq-9",
            "url": PHQ9_FORM,
            "version": "1",
            "name": "PHQ9",
            "title": PHQ9_TITLE,
            "status": "active",
            "subjectType": ["Patient"],
            "code": [coding(LOINC, "44249-1", "PHQ-9 quick depression assessment panel [Reported.PHQ]")],
            "item": [
                {"linkId": "problems", "text": OPENING, "type": "group", "item": questions},
                {"linkId": "total", "text": "Total score", "type": "decimal"},
                {"linkId": "words", "text": "In your own words", "type": "string"},
            ],
        }
    ]


def write_phq9(seen: Seen, scores: list[int]) -> str:
    """The form as the patient filled it in."""
    items: list[Json] = [
        {"linkId": code, "text": words, "answer": [{"valueCoding": coding(LOINC, *ANSWERS[score])}]}
        for (code, words), score in zip(PHQ9_ITEMS, scores, strict=True)
    ]
    shown = {"extension": [{"url": SHOWN, "valueString": PHQ9_TITLE}, {"url": AT, "valueUri": PHQ9_FORM}]}
    number = seen.encounter["reference"].split("/")[1]
    body: Json = {
        "identifier": {"system": "https://demo.osler.example/ids/form", "value": f"F{number}"},
        "questionnaire": f"{PHQ9_FORM}|1",
        "_questionnaire": shown,
        "status": "completed",
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "authored": seen.at(7),
        "author": seen.chart.subject,
        "source": seen.chart.subject,
        "item": [
            {"linkId": "problems", "text": OPENING, "item": items},
            {"linkId": "total", "text": "Total score", "answer": [{"valueDecimal": sum(scores)}]},
            {"linkId": "words", "text": "In your own words", "answer": [{"valueString": OWN_WORDS[sum(scores) % len(OWN_WORDS)]}]},
        ],
    }
    return seen.chart.add("QuestionnaireResponse", body, profile("questionnaireresponse"))
