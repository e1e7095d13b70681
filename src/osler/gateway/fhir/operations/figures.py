"""The statistics of $stats over plain numbers. https://hl7.org/fhir/R4/codesystem-observation-statistics.html"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

Values = Sequence[float]


def quantile(values: Values, share: float) -> float:
    """The value below which this share of the ordered values lies, between two neighbours in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def moment(values: Values, power: int) -> float:
    """The standardised central moment of this power; without spread there is none."""
    mean, spread = statistics.fmean(values), statistics.pstdev(values)
    if not spread:
        raise statistics.StatisticsError("no spread")
    return math.fsum(((value - mean) / spread) ** power for value in values) / len(values)


FIGURES: Mapping[str, Callable[[Values], float]] = {
    "average": statistics.fmean,
    "maximum": max,
    "minimum": min,
    "median": statistics.median,
    "std-dev": statistics.stdev,
    "sum": math.fsum,
    "variance": statistics.variance,
    "20-percent": lambda values: quantile(values, 0.2),
    "80-percent": lambda values: quantile(values, 0.8),
    "4-lower": lambda values: quantile(values, 0.25),
    "4-upper": lambda values: quantile(values, 0.75),
    "4-dev": lambda values: (quantile(values, 0.75) - quantile(values, 0.25)) / 2,
    "5-1": lambda values: quantile(values, 0.2),
    "5-2": lambda values: quantile(values, 0.4),
    "5-3": lambda values: quantile(values, 0.6),
    "5-4": lambda values: quantile(values, 0.8),
    "skew": lambda values: moment(values, 3),
    "kurtosis": lambda values: moment(values, 4),
}
COUNTS = frozenset({"count", "total-count"})
REGRESSION = "regression"
ALIASES = {"max": "maximum", "min": "minimum"}
"""The words of the operation's own definition for two of the codes."""
BARE = frozenset({"skew", "kurtosis"})
"""Numbers without a unit."""
SQUARED = frozenset({"variance"})
"""Numbers whose unit is the square of the values' own."""
STATISTICS = frozenset({*FIGURES, *COUNTS, REGRESSION})


def figure(code: str, values: Values) -> float | None:
    """One statistic; None where these values have none, such as the spread of a single one."""
    try:
        return FIGURES[code](values) if values else None
    except (statistics.StatisticsError, OverflowError):
        return None


def line(days: Values, values: Values) -> tuple[float, float] | None:
    """Gradient a day and intercept at the first day of the straight line through the values; None when they are all of one moment."""
    try:
        found = statistics.linear_regression(days, values)
    except statistics.StatisticsError:
        return None
    return found.slope, found.intercept
