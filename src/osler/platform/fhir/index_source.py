"""Writes a type's extractor: the paths of all its search parameters merged into one walk, so that shared parts are visited once."""

from __future__ import annotations

from dataclasses import dataclass, field

from osler.platform.fhir.elements import PRIMITIVES
from osler.platform.fhir.index_paths import ABSENT, PRESENT, Path, Step, paths
from osler.platform.fhir.search_parameters import (
    TEXT_CODES,
    Component,
    SearchParameter,
    record,
    search_parameters,
    searchable_paths,
)

_HEAD = """def extract(r, rid, rows):
    tokens = []; strings = []; idents = []; dates = []; quantities = []; composites = []; texts = []
    T = tokens.append; S = strings.append; I = idents.append; D = dates.append
    Q = quantities.append; C = composites.append; X = texts.append
    prid = {prid}
"""
_TAIL = """    return rows(prid, {d}, {rows})
"""


@dataclass(slots=True)
class Node:
    """What is to be done at one place of the walk, and the steps onward."""

    datatype: str = ""
    keys: dict[str, list[int]] = field(default_factory=dict)
    """Parameter kind -> keys that take this value. `patient` and `dated` are not parameters: they feed the record's own columns."""
    onward: dict[Step, Node] = field(default_factory=dict)
    composites: list[tuple[int, tuple[Component, ...]]] = field(default_factory=list)
    """Composite parameters whose element this is."""

    def at(self, path: Path) -> Node:
        """The node a path leads to, made if need be."""
        node = self
        for step in path.steps:
            node = node.onward.setdefault(step, Node())
        node.datatype = path.datatype
        return node


def extractor_source(type_name: str) -> str:
    """The text of `extract(resource, rid, IndexRows)` for one type."""
    here = record(type_name)
    root = Node()
    for parameter in search_parameters(type_name).values():
        if parameter.code in ("_id", "_lastUpdated", *TEXT_CODES) or parameter.keys != (parameter.key,):
            continue
        for path in searchable_paths(parameter):
            if parameter.kind == "composite":
                root.at(path).composites.append((parameter.key, parameter.components))
                continue
            root.at(path).keys.setdefault(kind_of(parameter), []).append(parameter.key)
            if (type_name, parameter.code) == ("Patient", "phone"):
                root.at(path).keys.setdefault("digits", []).append(parameter.key)
    for path in here.patient:
        root.at(path).keys["one patient" if here.one_patient else "patient"] = []
    for number, dates in enumerate(here.dates):
        for path in dates:
            root.at(path).keys.setdefault("dated", []).append(number)
    lines = [_HEAD.format(prid="rid" if type_name == "Patient" else 0)]
    lines += [f"    d{number} = LATEST\n" for number in range(len(here.dates))]
    lines += [f"    {line}\n" for line in _visit(root, "r", 0)]
    date = "EARLIEST"
    for number in reversed(range(len(here.dates))):
        date = f"d{number} if d{number} is not LATEST else {date}"
    names = ("tokens", "strings", "idents", "dates", "quantities", "composites", "texts")
    rows = ", ".join(f"[*dict.fromkeys({name})] if len({name}) > 1 else {name}" for name in names)
    return "".join(lines) + _TAIL.format(d=date, rows=rows)


def value_source(kind: str, datatype: str, key: int) -> str | None:
    """The text of `extract(v, T, S, I, D, Q, X)` for one value of a datatype; None where the kind of parameter takes no such value."""
    node = Node(datatype, {kind: [key]})
    known = (kind, datatype) in _ROWS or (datatype in PRIMITIVES and (kind, "") in _ROWS) or (kind == "date" and datatype in DATES)
    if not known:
        return None
    return "\n".join(["def extract(v, T, S, I, D, Q, X):", *(f"    {line}" for line in _emit(node, "v"))])


DATES = frozenset({"date", "dateTime", "instant", "Period", "Timing"})


def kind_of(parameter: SearchParameter) -> str:
    """Which rows a parameter's values make."""
    if parameter.code == "phonetic":
        return "phonetic"
    if parameter.kind == "uri" and parameter.code not in COMMON_URIS:
        return "uri below"
    return "identifier" if parameter.identifies else parameter.kind


COMMON_URIS = frozenset({"_profile", "_source"})
"""On nearly every record: what `:below` needs would cost more than it answers."""


def _visit(node: Node, value: str, depth: int) -> list[str]:
    """The lines for one value that is there."""
    lines = _emit(node, value)
    for key, components in node.composites:
        lines += _composite(node.datatype, key, components, value, depth)
    for step, onward in node.onward.items():
        lines += _step(step, onward, value, depth + 1)
    if "one patient" in node.keys:
        kept = [f"    {line}" for line in lines] or ["    pass"]
        by = f"{value}.identifier"
        named = [f"    if {by} is not None: add_reference_identifier(I, {key}, {by})" for key in _reference_keys(node)]
        is_patient = ["if x is not None and x[:8] == 'Patient/':", "    prid = reference_value(x)", *named]
        return [f"x = {value}.reference", *is_patient, "else:", *kept]
    if "patient" in node.keys:
        lines.append(f"if not prid and ({value}.reference or '')[:8] == 'Patient/': prid = reference_value({value}.reference)")
    return lines


def _reference_keys(node: Node) -> list[int]:
    """The reference parameters that take this value when it names a patient."""
    to_patient = (onward for step, onward in node.onward.items() if step == Step("target", "Patient"))
    return [key for here in (node, *to_patient) for key in here.keys.get("reference", ())]


def _step(step: Step, onward: Node, value: str, depth: int) -> list[str]:
    if step.kind == "equals":
        return [f"if {value}.{step.name} == {step.text!r}:", *_indented(onward, value, depth)]
    if step.kind == "target":
        return [f"if points_at({value}, {step.name!r}):", *_indented(onward, value, depth)]
    if step.kind == "absent":
        return [f"if {' is '.join(f'{value}.{name}' for name in step.name.split())} is None:", *_indented(onward, value, depth)]
    inner = f"v{depth}"
    if step.many:
        nulls = [f"    if {inner} is None: continue"] if onward.datatype in PRIMITIVES else []
        return [f"for {inner} in {value}.{step.name} or ():", *nulls, *_indented(onward, inner, depth)]
    if step.index >= 0:
        return [f"for {inner} in ({value}.{step.name} or ())[{step.index}:{step.index + 1}]:", *_indented(onward, inner, depth)]
    return [f"{inner} = {value}.{step.name}", f"if {inner} is not None:", *_indented(onward, inner, depth)]


def _indented(node: Node, value: str, depth: int) -> list[str]:
    return [f"    {line}" for line in _visit(node, value, depth)]


def _composite(datatype: str, key: int, components: tuple[Component, ...], value: str, depth: int) -> list[str]:
    """The rows of one element: the last component first, for it is the one that is often absent."""
    lines: list[str] = []
    stem = ""
    for number in reversed(range(len(components))):
        component = components[number]
        whole = component.expression.startswith("%resource.")
        start, within = ("r", "MolecularSequence") if whole else (value, datatype)
        expression = " | ".join(f"{within}.{part.removeprefix('%resource.')}" for part in component.expression.split(" | "))
        root = Node()
        for path in paths(within, expression):
            if (component.kind, path.datatype) in PARTS:
                root.at(path).keys[f"part {component.kind} {depth}_{number}"] = []
        name = f"c{depth}_{number}"
        lines.append(f"{stem}{name} = []")
        lines += [f"{stem}{line}" for line in _visit(root, start, depth + 1)]
        lines.append(f"{stem}if {name}:")
        stem += "    "
    kinds = "_".join(component.kind for component in components).replace("reference", "token")
    return [*lines, f"{stem}meet_{kinds}(C, {key}, {', '.join(f'c{depth}_{number}' for number in range(len(components)))})"]


PARTS: dict[tuple[str, str], str] = {
    ("token", "CodeableConcept"): "part_concept",
    ("token", "Coding"): "part_coding",
    ("token", "Identifier"): "part_identifier",
    ("token", "code"): "part_code",
    ("token", "string"): "part_code",
    ("token", "boolean"): "part_boolean",
    ("reference", "Reference"): "part_reference",
    ("string", "string"): "part_string",
    ("quantity", "Quantity"): "part_quantity",
    ("quantity", "Range"): "part_range",
    ("number", "integer"): "part_number",
    ("number", "decimal"): "part_number",
    ("date", "dateTime"): "part_date",
    ("date", "Period"): "part_period",
}
"""(component kind, datatype) -> what reads the values of one component."""


def _emit(node: Node, value: str) -> list[str]:
    lines: list[str] = []
    for kind, keys in node.keys.items():
        if kind.startswith("part "):
            _, of, number = kind.split(" ")
            lines.append(f"{PARTS[of, node.datatype]}(c{number}, {value})")
        if kind in _KINDS:
            template = _ROWS[kind, node.datatype if (kind, node.datatype) in _ROWS else ""]
            for line in template:
                row = line.replace("{v}", value)
                if "{k}" in row:
                    stem = row[: len(row) - len(row.lstrip())]
                    lines.append(stem + "; ".join(row.strip().replace("{k}", str(key)) for key in keys))
                else:
                    lines.append(row)
    if "date" in node.keys or "dated" in node.keys:
        lines += _emit_date(node, value)
    return lines


def _emit_date(node: Node, value: str) -> list[str]:
    span = {"Period": "period_range", "Timing": "timing_range"}.get(node.datatype, "date_range")
    rows = [f"D(({key}, lo, hi))" for key in node.keys.get("date", ())]
    rows += [f"if lo < d{number}: d{number} = lo" for number in node.keys.get("dated", ())]
    if span == "date_range":
        return [f"lo, hi = date_range({value})", *rows]
    return [f"span = {span}({value})", "if span is not None:", "    lo, hi = span", *(f"    {row}" for row in rows)]


_CODING = (
    "if c.code is not None or c.system is not None:",
    "    a = code_value(c.code) if c.code is not None else NO_CODE; s = system_value(c.system) if c.system is not None else 0",
    "    T(({k}, a, s))",
    "if c.display is not None:",
    "    a = text_value(c.display)",
    "    X(({k}, a))",
)
_IDENTIFIER = (
    "if {v}.value is not None or {v}.system is not None:",
    "    a = {value}({v}.value) if {v}.value is not None else NO_CODE",
    "    s = system_value({v}.system) if {v}.system is not None else 0",
    "    T(({k}, a, s))",
    "    if {v}.value is not None:",
    "        text, of = identifier_texts({v})",
    "        I(({k}, text, of))",
    "t = {v}.type",
    "if t is not None:",
    "    add_identifier_type(I, X, {k}, {v}, t)",
)
_ROWS: dict[tuple[str, str], tuple[str, ...]] = {
    ("token", ""): ("a = code_value({v})", "T(({k}, a, 0))"),
    ("token", "boolean"): ("a = TRUE if {v} else FALSE", "T(({k}, a, 0))"),
    ("token", PRESENT): ("T(({k}, TRUE, 0))",),
    ("token", ABSENT): ("T(({k}, FALSE, 0))",),
    ("token", "Coding"): ("c = {v}", *_CODING),
    ("token", "CodeableConcept"): (
        "for c in {v}.coding or ():",
        *(f"    {line}" for line in _CODING),
        "if {v}.text is not None:",
        "    a = text_value({v}.text)",
        "    X(({k}, a))",
        "    if not {v}.coding:",
        "        T(({k}, NO_CODE, 0))",
    ),
    ("token", "ContactPoint"): ("if {v}.value is not None:", "    a = contact_value({v}.value)", "    T(({k}, a, 0))"),
    ("token", "Identifier"): tuple(line.replace("{value}", "code_value") for line in _IDENTIFIER),
    ("identifier", "Identifier"): tuple(line.replace("{value}", "token_value") for line in _IDENTIFIER),
    ("reference", "Reference"): (
        "x = {v}.reference",
        "if x is not None and x[:1] != '#':",
        "    a = reference_value(x)",
        "    T(({k}, a, 0))",
        "else:",
        "    T(({k}, NO_CODE, 0))",
        "x = {v}.identifier",
        "if x is not None:",
        "    add_reference_identifier(I, {k}, x)",
    ),
    ("reference", "Resource"): ("if {v}.id is not None:", "    a = reference_value({v}.resourceType + '/' + {v}.id)", "    T(({k}, a, 0))"),
    ("reference", ""): ("add_canonical(T, {k}, {v})",),
    ("uri", "canonical"): ("add_canonical(T, {k}, {v})",),
    ("uri", ""): ("a = reference_value({v})", "T(({k}, a, 0))"),
    ("uri below", "canonical"): ("add_canonical(T, {k}, {v})", "a = storable({v})", "X(({k}, a))"),
    ("uri below", ""): ("a = reference_value({v})", "T(({k}, a, 0))", "a = storable({v})", "X(({k}, a))"),
    ("phonetic", ""): ("for a in sounds({v}):", "    T(({k}, a, 0))"),
    ("phonetic", "HumanName"): ("for t in name_texts({v}):", "    for a in sounds(t):", "        T(({k}, a, 0))"),
    ("special", "LocationPosition"): ("meet_position(C, {k}, {v})",),
    ("digits", ""): ("add_digits(S, {k}, {v})",),
    ("string", ""): ("a = string_value({v})", "S(({k}, a))"),
    ("string", "HumanName"): ("for t in name_texts({v}):", "    a = string_value(t)", "    S(({k}, a))"),
    ("string", "Address"): ("for t in address_texts({v}):", "    a = string_value(t)", "    S(({k}, a))"),
    ("quantity", ""): ("add_quantity(Q, {k}, {v})",),
    ("quantity", "Range"): ("add_range(Q, {k}, {v})",),
    ("quantity", "Money"): ("add_money(Q, {k}, {v})",),
    ("number", ""): ("a = float({v})", "Q(({k}, ANY_UNIT, a, a, None, None, None))"),
    ("number", "Range"): ("add_number_range(Q, {k}, {v})",),
}
"""(parameter kind, datatype) -> the lines that make its rows; a line with a key is repeated for every key that shares the value."""
_KINDS = frozenset(kind for kind, _ in _ROWS)
