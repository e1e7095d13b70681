"""Functions on numbers. https://hl7.org/fhirpath/N1/#math"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException
from typing import Any

from osler.platform.fhirpath.arithmetic import DECIMALS, NUMBERS, number, single
from osler.platform.fhirpath.environment import Frame
from osler.platform.fhirpath.functions.table import Arguments, function, nodes_of, value_of
from osler.platform.fhirpath.nodes import Node, decimal, integer
from osler.platform.fhirpath.problems import ExecutionProblem
from osler.platform.fhirpath.quantity import Quantity

SHORT = Context(prec=28)


def _number(nodes: list[Node], name: str) -> tuple[str, Any] | None:
    node = single(nodes, f"{name}()")
    found = None if node is None else node.system()
    if node is None or (found is None and node.primitive):
        return None
    if found is None or found[0] not in NUMBERS | {"Quantity"}:
        raise ExecutionProblem(f"{name}() works on a number")
    return found


def _plain(nodes: list[Node], name: str) -> Decimal | None:
    found = _number(nodes, name)
    if found is not None and found[0] == "Quantity":
        raise ExecutionProblem(f"{name}() works on a number")
    return None if found is None else Decimal(found[1])


@function("abs")
def abs_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The value without its sign."""
    found = _number(nodes, "abs")
    if found is None:
        return []
    kind, value = found
    if kind == "Quantity":
        return [Node(Quantity(abs(value.value), value.unit, value.calendar), "System.Quantity")]
    return number(abs(value), kind != "Decimal", (kind, kind))


def _to_whole(name: str, rounding: str) -> None:
    @function(name)
    def to_whole(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        value = _plain(nodes, name)
        return [] if value is None else integer(int(value.to_integral_value(rounding)))


_to_whole("ceiling", ROUND_CEILING)
_to_whole("floor", ROUND_FLOOR)
_to_whole("truncate", ROUND_DOWN)


@function("round", 0, 1)
def round_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """To so many places; halves go away from zero."""
    value = _plain(nodes, "round")
    places = value_of(frame, arguments[0], "Integer", "round") if arguments else 0
    if value is None or places is None:
        return []
    if places < 0:
        raise ExecutionProblem("round() takes a number of places that is not negative")
    if not places and not arguments:
        return integer(int(value.to_integral_value(ROUND_HALF_UP)))
    if -int(value.as_tuple().exponent) <= places:
        return decimal(value)
    return decimal(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _real(name: str, rule: Callable[[Decimal], Decimal]) -> None:
    @function(name)
    def real(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        value = _plain(nodes, name)
        return [] if value is None else _careful(lambda: rule(value))


def _careful(work: Callable[[], Decimal]) -> list[Node]:
    """Nothing where mathematics has no answer: a root of a negative number, a logarithm of nought, more than can be written."""
    try:
        return decimal(work())
    except DecimalException:
        return []


_real("sqrt", DECIMALS.sqrt)
_real("exp", DECIMALS.exp)
_real("ln", DECIMALS.ln)


@function("log", 1)
def log(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The logarithm to a base."""
    value, base = _plain(nodes, "log"), _plain(nodes_of(frame, arguments[0]), "log")
    if value is None or base is None or value <= 0 or base <= 0:
        return []
    # The last digits of two logarithms divided are noise: 16.log(2) is 4.
    return _careful(lambda: SHORT.plus(DECIMALS.divide(DECIMALS.ln(value), DECIMALS.ln(base))).normalize())


@function("power", 1)
def power(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The value to the power of the argument."""
    found, raised = _number(nodes, "power"), _number(nodes_of(frame, arguments[0]), "power")
    if found is None or raised is None:
        return []
    if "Quantity" in (found[0], raised[0]):
        raise ExecutionProblem("power() works on a number")
    made = _careful(lambda: DECIMALS.power(Decimal(found[1]), Decimal(raised[1])))
    whole = found[0] == raised[0] == "Integer" and raised[1] >= 0
    return integer(int(made[0].value)) if made and whole else made
