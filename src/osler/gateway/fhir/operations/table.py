"""The table of operations: routing and the CapabilityStatement read it, and nothing is an operation that does not stand here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from osler.gateway.fhir.operations.diff import DIFF, DIFF_RECORDS
from osler.gateway.fhir.operations.docref import DOCREF
from osler.gateway.fhir.operations.everything import ENCOUNTER_EVERYTHING, PATIENT_EVERYTHING
from osler.gateway.fhir.operations.expunge import EXPUNGE
from osler.gateway.fhir.operations.graphql import GRAPHQL_OPERATION
from osler.gateway.fhir.operations.lastn import LASTN
from osler.gateway.fhir.operations.match import MATCH
from osler.gateway.fhir.operations.meta import META, META_ADD, META_DELETE
from osler.gateway.fhir.operations.operation import Level, Operation
from osler.gateway.fhir.operations.stats import STATS
from osler.gateway.fhir.operations.validate import VALIDATE

Table = Mapping[str, tuple[Operation, ...]]


def by_name(operations: Iterable[Operation]) -> Table:
    """`$everything` -> the operations of that name: one for patients, one for encounters."""
    found: dict[str, tuple[Operation, ...]] = {}
    for operation in operations:
        found[operation.name] = (*found.get(operation.name, ()), operation)
    return found


OPERATIONS: Table = by_name(
    (
        DIFF,
        DIFF_RECORDS,
        DOCREF,
        ENCOUNTER_EVERYTHING,
        EXPUNGE,
        GRAPHQL_OPERATION,
        LASTN,
        MATCH,
        META,
        META_ADD,
        META_DELETE,
        PATIENT_EVERYTHING,
        STATS,
        VALIDATE,
    )
)


def operations_of(kind: str | None, table: Table = OPERATIONS) -> list[Operation]:
    """The operations that may be called on a type or its records; None: on the whole system."""
    wanted: tuple[Level, ...] = ("system",) if kind is None else ("type", "instance", "version")
    return [each for name in sorted(table) for each in table[name] if any(each.serves(level, kind) for level in wanted)]
