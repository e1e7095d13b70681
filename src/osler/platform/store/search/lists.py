"""`_list`: the records a List holds. https://hl7.org/fhir/R4/search.html#list"""

from __future__ import annotations

from osler.platform.errors import Issue, Unsupported
from osler.platform.fhir import rid, search_parameters
from osler.platform.store.search import values
from osler.platform.store.search.conditions import Reading
from osler.platform.store.search.hits import visible
from osler.platform.store.search.predicates import keyed
from osler.platform.store.search.query import Special
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source

NAME = "_list"


class Listed(Special, frozen=True):
    """An entry of one of these Lists names it."""

    lists: tuple[int, ...]

    def probe(self, scope: Scope) -> str:
        """By the rows of List.item that name it."""
        if "List" not in scope.world.seen:
            return "false"
        return f"{scope.row}.rid in ({self._entries(scope)})"

    def rank(self, in_record: bool) -> int:
        """A list is short."""
        return 50 if in_record else 3

    def source(self, scope: Scope) -> Source:
        """The entries, and the records they name."""
        entries = self._entries(scope) if "List" in scope.world.seen else "select 0::int8 where false"
        here = f"r.tenant = $1 and r.rid = w.rid and r.rtype + 0 = {scope.rtype()} and r.deleted::int4 = 0"
        one = f"select r.rid, r.prid, r.d from {scope.table('resource')} r where {here} offset 0"
        return Source(f"(select distinct e.val from ({entries}) e(val)) w(rid) cross join lateral ({one}) x", (), None, self)

    def reaches(self) -> frozenset[str]:
        """Lists."""
        return frozenset({"List"})

    def _entries(self, scope: Scope) -> str:
        """The index holds them by what they name, so the item rows of all Lists are looked through."""
        there = scope.of("List", "l")
        key, wanted = keyed("l", search_parameters("List")["item"], there), scope.add(self.lists, "int8[]")
        where = " and ".join([key, f"l.rid = any({wanted})", *visible(there)])
        return f"select l.val from {there.table('idx_token')} l where l.tenant = $1 and {where}"


def listed(text: str, reading: Reading) -> Listed:
    """`42`, `List/42` or several. Functional lists (`$current-problems`, …) are refused by name."""
    found = []
    for part in values.alternatives(NAME, text):
        name = values.unescape(part).removeprefix(f"{reading.base}/").removeprefix("List/")
        if name.startswith("$"):
            message = f"The search parameter {NAME} asks for a functional list: this server keeps none, only stored Lists"
            raise Unsupported(message, [Issue("not-supported", message, f"http.{NAME}")])
        if not values.LEGAL_ID.fullmatch(name):
            raise values.bad(NAME, "is not the id of a List")
        found.append(rid("List", name))
    return Listed(tuple(found))
