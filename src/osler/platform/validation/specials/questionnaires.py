"""Questionnaires: conditions that name a question of the same form. https://hl7.org/fhir/R4/questionnaire.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osler.platform.validation.items import Item
from osler.platform.validation.report import Report

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine


def questionnaire(engine: Engine, item: Item, report: Report) -> None:
    """One Questionnaire."""
    order = [each for each in item.within() if each.type == "QuestionnaireItem"]
    places: dict[str, int] = {}
    for place, each in enumerate(order):
        name = each.said("linkId")
        if name is not None:
            places.setdefault(name, place)
    for place, each in enumerate(order):
        inner = {i.said("linkId") for i in each.within() if i.type == "QuestionnaireItem" and i is not each}
        for condition in each.all("enableWhen"):
            question = condition.said("question")
            if question is None:
                report.error("business-rule", "The condition names no question", each)
            elif question in inner:
                report.error("business-rule", "The condition names a question inside the item it is to show", each)
            elif question not in places:
                report.error("business-rule", "The condition names a question that is not in the form", each)
            elif question == each.said("linkId"):
                report.error("business-rule", "The condition names the item itself", each)
            elif places[question] > place:
                report.warning("business-rule", "The condition names a question that is asked later", each)
