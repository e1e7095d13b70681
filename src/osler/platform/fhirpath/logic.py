"""Three-valued logic: true, false, and not known (the empty collection). https://hl7.org/fhirpath/N1/#boolean-logic"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from osler.platform.fhirpath.nodes import Node
from osler.platform.fhirpath.problems import ExecutionProblem

Truth = bool | None


def truth(nodes: list[Node], of: str) -> Truth:
    """A collection as a condition: empty is not known, one item that is no Boolean is true, several are a fault."""
    if not nodes:
        return None
    if len(nodes) > 1:
        raise ExecutionProblem(f"{of}: one item is expected, not {len(nodes)}")
    found = nodes[0].system()
    if found is not None and found[0] == "Boolean":
        return bool(found[1])
    return None if found is None and nodes[0].primitive else True


def _table(rule: Callable[[bool, bool], bool]) -> dict[tuple[Truth, Truth], Truth]:
    """A rule for known values, where an unknown one counts only if it decides: the answers with it true and false differ."""
    table: dict[tuple[Truth, Truth], Truth] = {}
    for left, right in product((True, False, None), repeat=2):
        lefts = (True, False) if left is None else (left,)
        rights = (True, False) if right is None else (right,)
        answers = {rule(one, other) for one in lefts for other in rights}
        table[left, right] = answers.pop() if len(answers) == 1 else None
    return table


AND = _table(lambda left, right: left and right)
OR = _table(lambda left, right: left or right)
XOR = _table(lambda left, right: left != right)
IMPLIES = _table(lambda left, right: not left or right)
