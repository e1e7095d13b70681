"""The heavy patient: exactly 700 encounters and 5,000 laboratory results over twenty years."""

from __future__ import annotations

from datetime import date, timedelta

from osler.demo.chart import Seen
from osler.demo.codes import Json
from osler.demo.model import Person, Visit
from osler.demo.planning import begin_treatment
from osler.demo.record import close_chart, open_chart
from osler.demo.tables.labs import PANELS
from osler.demo.writing.documents import write_note
from osler.demo.writing.encounters import open_encounter
from osler.demo.writing.immunizations import immunize
from osler.demo.writing.medications import prescribe_for_visit
from osler.demo.writing.results import order_panels
from osler.demo.writing.screening import screen
from osler.demo.writing.vitals import write_vitals

ENCOUNTERS = 700
RESULTS = 5000
YEARS = 20.5
ROTATION: tuple[tuple[str, ...], ...] = (
    ("bmp",),
    ("cbc",),
    ("inr", "bmp"),
    ("a1c", "acr"),
    ("bmp", "bnp"),
    ("inr",),
    ("cmp",),
    ("lipid", "thyroid"),
    ("bmp",),
    ("cbc", "ferritin"),
    ("inr", "uric-acid"),
)


def heavy_record(person: Person, as_of: date) -> list[Json]:
    """Visits nearly every week and a half; the last panels are cut so that the results come to exactly 5,000."""
    span = int(YEARS * 365.25)
    person.visits = [
        Visit(
            as_of - timedelta(days=1 + span * (ENCOUNTERS - 1 - number) // ENCOUNTERS),
            480 + number * 17 % 480,
            "well" if number % 34 == 5 else "followup",
        )
        for number in range(ENCOUNTERS)
    ]
    for problem in person.problems:
        problem.treated = None
    begin_treatment(person)
    chart = open_chart(person, as_of)
    left = RESULTS
    for number, visit in enumerate(person.visits):
        seen = open_encounter(chart, visit)
        write_vitals(seen, few=True)
        if visit.kind == "well":
            screen(seen)
            immunize(seen)
        left -= order_panels(seen, _panels(number, left, ENCOUNTERS - number - 1))
        _write_up(seen, number)
    close_chart(chart)
    return chart.resources


def _panels(number: int, left: int, visits_left: int) -> tuple[str, ...]:
    """The next panels of the rotation, more while results run behind, single tests at the very end."""
    if left <= 0:
        return ()
    wanted = ROTATION[number % len(ROTATION)]
    pace = left / (visits_left + 1)
    if pace > 7.2 and "cmp" not in wanted:
        wanted = (*wanted, "cbc" if "cbc" not in wanted else "bmp")
    if visits_left == 0:
        return _exactly(left)
    size = sum(len(PANELS[key].analytes) for key in wanted)
    return wanted if size <= left - visits_left else _exactly(min(left, 1))


def _exactly(count: int) -> tuple[str, ...]:
    chosen: list[str] = []
    for key in ("cmp", "cbc", "lipid", "thyroid", "a1c", "inr", "uric-acid", "bnp", "crp", "ferritin", "acr", "psa"):
        size = len(PANELS[key].analytes)
        if size <= count:
            chosen.append(key)
            count -= size
    if count:
        raise ValueError(f"{count} results too many for one draw")
    return tuple(chosen)


def _write_up(seen: Seen, number: int) -> None:
    prescribe_for_visit(seen)
    if number % 5 == 0:
        write_note(seen)
