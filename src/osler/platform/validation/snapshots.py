"""Making the snapshot of a profile that was published as a differential only. https://hl7.org/fhir/R4/profiling.html#snapshot"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from osler.platform.validation.rows import BASE, Binding, Row, Slicing, TypeRef, constraints_of, row_of
from osler.platform.validation.shapes import flat

if TYPE_CHECKING:
    from osler.platform.validation.definitions import Definitions

_MOST_ROWS = 20_000
_TAKEN = {
    "min": "min",
    "max": "max",
    "type": "types",
    "binding": "binding",
    "maxLength": "longest",
    "slicing": "slicing",
    "isModifier": "modifier",
    "contentReference": "content",
}


class _Growing:
    """The rows so far, each with its id (`Observation.component:systolic.code`)."""

    def __init__(self, rows: list[Row], definitions: Definitions, several: set[str]) -> None:
        self.definitions = definitions
        self.several = several
        self.ids = ids_of(rows)
        self.rows = rows

    def find(self, wanted: str) -> int | None:
        """The place of the row with this id, made where the profile steps into something the base left closed."""
        if wanted in self.ids:
            return self.ids.index(wanted)
        above, _, tail = wanted.rpartition(".")
        if not above or len(self.rows) > _MOST_ROWS:
            return None
        parent = self.find(above)
        if parent is None:
            return None
        name, _, cut = tail.partition(":")
        if not cut:
            return self._child(parent, above, name)
        whole = self.find(f"{above}.{name}")
        return None if whole is None else self._cut(whole, wanted, cut)

    def _child(self, parent: int, above: str, name: str) -> int | None:
        if not any(i.startswith(above + ".") for i in self.ids):
            self._open(parent, above)
        if f"{above}.{name}" in self.ids:
            return self.ids.index(f"{above}.{name}")
        own = self.choice(f"{above}.{name}")
        return None if own is None else self._chosen(own, own.rpartition(".")[2].removesuffix("[x]"), name)

    def choice(self, own: str) -> str | None:
        """The id of the choice that `…valueQuantity` is one of."""
        above, _, tail = own.rpartition(".")
        stems = [i for i in self.ids if i.startswith(above + ".") and i.endswith("[x]") and "." not in i[len(above) + 1 :]]
        return next((i for i in stems if tail.startswith(i[len(above) + 1 :].removesuffix("[x]"))), None)

    def _chosen(self, own: str, stem: str, name: str) -> int | None:
        """`valueQuantity` for `value[x]`: alone it narrows the choice to this type, beside others it is a slice."""
        place = self.ids.index(own)
        if f"{own}:{name}" in self.ids or stem in self.several or self.rows[place].slicing is not None:
            return self.find(f"{own}:{name}")
        self.rows[place] = msgspec.structs.replace(self.rows[place], types=_of_choice(self.rows[place], name))
        return place

    def _open(self, parent: int, above: str) -> None:
        """Put the elements inside a row below it: those of the element it is a slice of, of its type, or of its content."""
        row = self.rows[parent]
        whole = ".".join([*above.split(".")[:-1], above.rpartition(".")[2].partition(":")[0]])
        inner = [(i, r) for i, r in zip(self.ids, self.rows, strict=True) if whole != above and i.startswith(whole + ".")]
        if inner:
            self._insert(parent + 1, [(above + i[len(whole) :], r) for i, r in inner])
            return
        if row.content:
            same = [(i, r) for i, r in zip(self.ids, self.rows, strict=True) if i.startswith(row.content + ".")]
            self._insert(parent + 1, [(above + i[len(row.content) :], _moved(r, row.content, row.path)) for i, r in same])
            return
        if len(row.types) != 1:
            return
        kind = row.types[0]
        shape = self.definitions.shape(kind.profiles[0]) if kind.profiles else self.definitions.shape(BASE + kind.code)
        if shape is not None:
            rows = flat(shape)
            root = rows[0].path
            self._insert(
                parent + 1, [(above + i[len(root) :], _moved(r, root, row.path)) for i, r in zip(ids_of(rows)[1:], rows[1:], strict=True)]
            )

    def _cut(self, whole: int, wanted: str, cut: str) -> int:
        """A new slice, after the element it is a slice of and the slices there are."""
        base = self.ids[whole]
        place = whole + 1
        while place < len(self.ids) and self.ids[place].startswith((base + ".", base + ":")):
            place += 1
        row = msgspec.structs.replace(self.rows[whole], slice=cut, min=0, slicing=None)
        if row.path.endswith("[x]"):
            row = msgspec.structs.replace(row, types=_of_choice(row, cut))
        self._insert(place, [(wanted, row)])
        return place

    def _insert(self, place: int, found: list[tuple[str, Row]]) -> None:
        self.ids[place:place] = [i for i, _ in found]
        self.rows[place:place] = [r for _, r in found]


def _of_choice(row: Row, cut: str) -> tuple[TypeRef, ...]:
    stem = row.path.rpartition(".")[2].removesuffix("[x]")
    named = tuple(t for t in row.types if stem + t.code[:1].upper() + t.code[1:] == cut)
    return named or row.types


def _moved(row: Row, old: str, new: str) -> Row:
    return msgspec.structs.replace(row, path=new + row.path[len(old) :])


def ids_of(rows: list[Row]) -> list[str]:
    """The id of each row, worked out from its path and slice name and the rows before it."""
    made: list[str] = []
    latest: dict[str, str] = {}
    for row in rows:
        above, _, tail = row.path.rpartition(".")
        own = f"{latest.get(above, above)}.{tail}" if above else tail
        made.append(f"{own}:{row.slice}" if row.slice else own)
        latest[row.path] = made[-1]
    return made


def snapshot(base: list[Row], resource: dict[str, Any], definitions: Definitions) -> list[Row]:
    """The base's rows with what the differential changes, element by element."""
    elements = resource.get("differential", {}).get("element", [])
    growing = _Growing(list(base), definitions, _chosen_twice(elements))
    root = base[0].path
    latest: dict[str, str] = {}
    for element in elements:
        path = str(element.get("path", ""))
        path = root + path[len(path.partition(".")[0]) :]
        above, _, tail = path.rpartition(".")
        own = f"{latest.get(above, above)}.{tail}" if above else root
        cut = element.get("sliceName")
        if cut and own not in growing.ids:
            own = growing.choice(own) or own
        named = f"{own}:{cut}" if cut and not own.endswith(f":{cut}") else own
        place = growing.find(named)
        if place is None:
            continue
        latest[path] = growing.ids[place]
        growing.rows[place] = merged(growing.rows[place], element)
        if ":" in growing.ids[place].rpartition(".")[2]:
            _implied_slicing(growing, place)
    return growing.rows


def _chosen_twice(elements: list[dict[str, Any]]) -> set[str]:
    """The choices of which a differential names several types (`valueString` and `valueQuantity`), by their stem."""
    named: dict[str, set[str]] = {}
    for element in elements:
        tail = str(element.get("path", "")).rpartition(".")[2]
        for stem in (
            "value",
            "effective",
            "onset",
            "abatement",
            "performed",
            "occurrence",
            "medication",
            "deceased",
            "multipleBirth",
            "serviced",
        ):
            if tail.startswith(stem) and tail != stem and tail[len(stem)].isupper():
                named.setdefault(stem, set()).add(tail)
    return {stem for stem, tails in named.items() if len(tails) > 1}


def _implied_slicing(growing: _Growing, place: int) -> None:
    """Slices without a word on slicing: a choice is cut by its type, extensions by their URL."""
    whole = growing.ids.index(growing.ids[place].rpartition(":")[0])
    row = growing.rows[whole]
    if row.slicing is not None:
        return
    if row.path.endswith("[x]"):
        growing.rows[whole] = msgspec.structs.replace(row, slicing=Slicing((("type", "$this"),)))
    elif any(t.code == "Extension" for t in row.types):
        growing.rows[whole] = msgspec.structs.replace(row, slicing=Slicing((("value", "url"),)))


def merged(row: Row, element: dict[str, Any]) -> Row:
    """A row with what an element of a differential says."""
    said = row_of(element | {"path": row.path})
    changes: dict[str, Any] = {field: getattr(said, field) for name, field in _TAKEN.items() if name in element}
    for field in ("fixed", "pattern", "least", "greatest"):
        if getattr(said, field) is not None:
            changes[field] = getattr(said, field)
    if row.binding is not None and said.binding is not None and not said.binding.value_set:
        changes["binding"] = Binding(said.binding.strength, row.binding.value_set, said.binding.largest)
    if "constraint" in element:
        known = {c.key for c in row.constraints}
        more = constraints_of(element, row.types)
        changes["constraints"] = (*row.constraints, *[c for c in more if c.key not in known])
    return msgspec.structs.replace(row, **changes)
