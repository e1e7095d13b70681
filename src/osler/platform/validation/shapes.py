"""A structure as a tree of rules, one for each element and each slice of it."""

from __future__ import annotations

from collections.abc import Iterator

from osler.platform.validation.rows import Row, Structure


class Rule:
    """What a structure asks of one element, with the elements under it and the slices it is cut into."""

    __slots__ = ("children", "choice", "matcher", "name", "number", "row", "shape", "slices")

    def __init__(self, row: Row, shape: Shape, number: int) -> None:
        self.row = row
        self.shape = shape
        self.number = number
        tail = row.path.rpartition(".")[2]
        self.choice = tail.endswith("[x]")
        self.name = tail.removesuffix("[x]")
        self.children: list[Rule] = []
        self.slices: list[Rule] = []
        self.matcher: object = None

    @property
    def label(self) -> str:
        """The element's id, e.g. `Observation.component:systolic`."""
        return f"{self.row.path}:{self.row.slice}" if self.row.slice else self.row.path

    def below(self) -> list[Rule]:
        """The rules of the elements inside; those of another element where this one repeats its content."""
        if self.children or not self.row.content:
            return self.children
        same = self.shape.paths.get(self.row.content)
        return same.children if same is not None else []

    def allows(self, type: str) -> bool:  # noqa: A002
        """Whether an element of this type may stand here."""
        return not self.row.types or any(t.code == type for t in self.row.types)


class Shape:
    """The rules of one structure, its root first."""

    def __init__(self, structure: Structure, rows: list[Row]) -> None:
        self.structure = structure
        self.paths: dict[str, Rule] = {}
        self.root = Rule(rows[0], self, 0)
        self.paths[rows[0].path] = self.root
        self._grow(rows)

    @property
    def url(self) -> str:
        """Its canonical URL."""
        return self.structure.url

    def _grow(self, rows: list[Row]) -> None:
        """Hang every row below the latest row of the path above it, or beside the element it slices."""
        latest: dict[str, Rule] = {self.root.row.path: self.root}
        for number, row in enumerate(rows[1:], 1):
            above = latest.get(row.path.rpartition(".")[0])
            if above is None:
                continue
            rule = Rule(row, self, number)
            for path in [p for p in latest if p.startswith(row.path + ".")]:
                del latest[path]
            latest[row.path] = rule
            self.paths.setdefault(row.path, rule)
            whole = _sliced(above, rule)
            (above.children if whole is None else whole.slices).append(rule)


def _sliced(above: Rule, rule: Rule) -> Rule | None:
    """The element that this row is a slice of; the slice it divides further, for a name such as `a/b`."""
    if not rule.row.slice:
        return None
    for whole in reversed(above.children):
        same = whole.row.path == rule.row.path
        if same or (whole.choice and rule.name.startswith(whole.name) and rule.row.path.startswith(whole.row.path.removesuffix("[x]"))):
            outer = rule.row.slice.rpartition("/")[0]
            return next((s for s in _all_slices(whole) if outer and s.row.slice == outer), whole)
    return None


def _all_slices(rule: Rule) -> Iterator[Rule]:
    for inner in rule.slices:
        yield inner
        yield from _all_slices(inner)


def flat(shape: Shape) -> list[Row]:
    """The rows of a shape in the order of its snapshot."""
    found: list[tuple[int, Row]] = []
    waiting = [shape.root]
    while waiting:
        rule = waiting.pop()
        found.append((rule.number, rule.row))
        waiting += [*rule.children, *rule.slices]
    return [row for _, row in sorted(found, key=lambda each: each[0])]
