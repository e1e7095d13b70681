"""The chart's clinical conclusions."""

from __future__ import annotations

from decimal import Decimal

from osler.services.encounter.rules import LOINC, POINTS_OF_A_TREND, Amount, Code, Concept, ObservationFacts, trends

SODIUM = Concept(coding=[Code(system="urn:local", code="NA"), Code(system=LOINC, code="2951-2", display="Sodium")])


def measured(day: int, value: str, unit: str = "mmol/L") -> ObservationFacts:
    amount = Amount(value=Decimal(value), unit=unit)
    return ObservationFacts(code=SODIUM, valueQuantity=amount, id=f"o{day}", status="final", effectiveDateTime=f"2024-01-{day:02d}")


def test_a_trend_is_named_by_loinc_and_runs_from_the_oldest_point() -> None:
    (trend,) = trends([measured(3, "141"), measured(2, "140.0"), measured(1, "139")], [])

    assert (trend.code, trend.display, trend.category) == ("2951-2", "Sodium", "laboratory")
    assert [str(point.value) for point in trend.points] == ["139", "140.0", "141"]


def test_a_trend_keeps_the_latest_points_only() -> None:
    (trend,) = trends([measured(day, str(day)) for day in range(28, 0, -1)], [])

    assert len(trend.points) == POINTS_OF_A_TREND
    assert trend.points[-1].observation == "o28"


def test_points_in_another_unit_are_left_out_rather_than_drawn_wrong() -> None:
    (trend,) = trends([measured(2, "140"), measured(1, "3.2", unit="g/L")], [])

    assert [str(point.value) for point in trend.points] == ["140"]


def test_a_value_without_a_date_is_no_point() -> None:
    assert trends([ObservationFacts(code=SODIUM, valueQuantity=Amount(value=Decimal(1)), id="x", status="final")], []) == []
