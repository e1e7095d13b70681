"""The search criteria of a conditional interaction: they must name something, and they must find at most one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from osler.platform.errors import Issue, Malformed, VersionConflict
from osler.platform.fhir import search_parameters
from osler.platform.store import Stored, Transaction
from osler.platform.store.parameters import ParametersOf
from osler.platform.store.search import Query, parse_query
from osler.platform.web import pairs

ABOUT_THE_ANSWER = frozenset(
    {"_count", "_sort", "_include", "_revinclude", "_total", "_summary", "_elements", "_contained", "_containedType", "_cursor", "_format"}
)
NAMED = re.compile(r"([A-Za-z]*)\?")
"""A search URL's type, where criteria are written with it."""


class SeveralMatch(VersionConflict):
    """Criteria that should name one record find several."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which record is meant: a type and what it must match."""

    type: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def lock(self) -> str:
        """The name under which equal criteria wait for each other, in whatever order their parameters came."""
        return f"{self.type}?{urlencode(sorted(self.pairs))}"

    def query(self, base: str, parameters_of: ParametersOf = search_parameters) -> Query:
        """The search; two hits are as many as anybody needs to know."""
        return parse_query(self.type, [*self.pairs, ("_count", "2")], False, base, parameters_of=parameters_of)


def criteria(kind: str, given: list[tuple[str, str]], where: str) -> Criteria:
    """Check criteria: an empty one would match everything, so it is refused, and so are parameters about the answer's form."""
    if not given:
        raise unusable(f"{where} needs search criteria", where)
    for name, value in given:
        if not value:
            raise unusable(f"{where} has a parameter without a value", where)
        if name.partition(":")[0] in ABOUT_THE_ANSWER:
            raise unusable(f"{where} may hold search criteria only", where)
    return Criteria(kind, tuple(given))


def criteria_from(kind: str, text: str, where: str) -> Criteria:
    """Criteria as written in `If-None-Exist` or a conditional reference, with or without `Type?` before them."""
    named = NAMED.match(text)
    if named is not None and named[1] not in ("", kind):
        raise unusable(f"{where} is about another type than {kind}", where)
    return criteria(kind, pairs(text[named.end() if named else 0 :].encode()), where)


async def matching(tx: Transaction, wanted: Criteria, base: str, where: str) -> Stored | None:
    """The one record that matches, or None. Raises `SeveralMatch` when there are several."""
    page = await tx.search(wanted.query(base, await tx.parameters()))
    if len(page.matches) > 1:
        message = f"{where} matches more than one {wanted.type}"
        raise SeveralMatch(message, [Issue("multiple-matches", message)])
    return page.matches[0] if page.matches else None


def unusable(message: str, where: str) -> Malformed:
    """Criteria that cannot be used."""
    return Malformed(message, [Issue("invalid", message, where if where.startswith("Bundle.") else None)])
