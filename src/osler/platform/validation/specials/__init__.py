"""What some resource types ask beyond their definitions, as the reference validator checks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from osler.platform.validation import references
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.specials import bundles, observations, questionnaires, search_parameters, terminology

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

_BY_TYPE: dict[str, Callable[[Engine, Item, Report], None]] = {
    "Bundle": bundles.check,
    "CodeSystem": terminology.code_system,
    "Observation": observations.check,
    "Questionnaire": questionnaires.questionnaire,
    "SearchParameter": search_parameters.check,
    "ValueSet": terminology.value_set,
}


def check(engine: Engine, item: Item, report: Report) -> None:
    """The rules of a resource's type that no structure expresses."""
    references.same_ids(item, report)
    references.unused(item, report)
    _security(item, report)
    special = _BY_TYPE.get(item.type)
    if special is not None:
        special(engine, item, report)


def _security(item: Item, report: Report) -> None:
    """Security labels are a set."""
    meta = item.one("meta")
    seen: set[tuple[str | None, str | None]] = set()
    for label in meta.all("security") if meta is not None else ():
        named = (label.said("system"), label.said("code"))
        if named in seen:
            report.error("business-rule", "The security label is given twice", label)
        seen.add(named)
