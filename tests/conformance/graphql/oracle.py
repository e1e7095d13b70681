"""The same query answered by graphql-core alone, over the same records as plain JSON: slow, simple, and what ours must equal."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLResolveInfo, graphql_sync

from osler.app.services import SERVICES
from osler.gateway.graphql.schema import merged_schema
from osler.platform import fhir

Json = dict[str, Any]
SCHEMA = merged_schema(SERVICES)


class Oracle:
    """One tenant's records."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self.records = [json.loads(body, parse_float=Decimal) for body in bodies]
        self.places = {id(record): place_of(record, body) for record, body in zip(self.records, bodies, strict=True)}

    def answer(self, query: str, variables: Json | None = None) -> Json:
        result = graphql_sync(SCHEMA, query, variable_values=variables, field_resolver=self.resolve)
        assert result.errors is None, result.errors
        return json.loads(json.dumps(result.data, default=str))

    def resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        special = getattr(self, f"{info.parent_type.name}_{info.field_name}", None)
        if special is not None:
            return special(source, **arguments)
        if str(info.return_type) == "Decimal":
            return None if source.get(info.field_name) is None else str(source[info.field_name])
        kind = info.return_type.of_type if isinstance(info.return_type, GraphQLNonNull) else info.return_type
        return source.get(info.field_name, [] if isinstance(kind, GraphQLList) else None)

    def Query_chart(self, _: Any, patient: str) -> Json | None:  # noqa: N802
        return next((each for each in self.records if each["resourceType"] == "Patient" and each["id"] == patient), None)

    def Query_patient(self, _: Any, id: str) -> Json | None:  # noqa: N802, A002
        return self.Query_chart(_, id)

    def newest(self, patient: Json, kind: str, keep: Callable[[Json], bool] = lambda _: True) -> list[Json]:
        """The patient's records of a type by their clinical date, as the store dates and numbers them."""
        mine = []
        for record in self.records:
            owner = record.get("subject") or record.get("patient") or {}
            if record["resourceType"] == kind and owner.get("reference") == f"Patient/{patient['id']}" and keep(record):
                mine.append(record)
        return sorted(mine, key=lambda record: self.places[id(record)])

    def Chart_patient(self, patient: Json) -> Json:  # noqa: N802
        return patient

    def Chart_allergies(self, patient: Json) -> list[Json]:  # noqa: N802
        return self.newest(patient, "AllergyIntolerance")

    def Chart_problems(self, patient: Json) -> list[Json]:  # noqa: N802
        found = self.newest(patient, "Condition")
        active = [each for each in found if code_of(each.get("clinicalStatus")) == "active"]
        return active + [each for each in found if each not in active]

    def Chart_medications(self, patient: Json) -> list[Json]:  # noqa: N802
        found = self.newest(patient, "MedicationRequest")
        order = ["active", "on-hold", "draft", "unknown", "completed", "stopped", "cancelled"]
        return sorted(found, key=lambda each: order.index(each["status"]))

    def Chart_immunizations(self, patient: Json) -> list[Json]:  # noqa: N802
        return self.newest(patient, "Immunization")

    def Chart_careTeam(self, patient: Json) -> list[Json]:  # noqa: N802
        return sorted(self.newest(patient, "CareTeam"), key=lambda each: each["status"] != "active")

    def Chart_encounters(self, patient: Json, first: int, after: str | None = None) -> Json:  # noqa: N802
        return page(self.newest(patient, "Encounter"), first)

    def Chart_results(self, patient: Json, first: int, after: str | None = None) -> Json:  # noqa: N802
        return page(self.newest(patient, "Observation", lambda each: "laboratory" in categories(each)), first)

    def Chart_vitals(self, patient: Json, first: int) -> list[Json]:  # noqa: N802
        return self.newest(patient, "Observation", lambda each: "vital-signs" in categories(each))[:first]


def place_of(record: Json, body: bytes) -> tuple[float, int]:
    kind = record["resourceType"]
    rows = fhir.index(fhir.parse(body, kind), kind, record["id"])
    return -rows.d.timestamp(), fhir.rid(kind, record["id"])


def page(found: list[Json], first: int) -> Json:
    return {"items": found[:first], "total": len(found)}


def code_of(concept: Json | None) -> str | None:
    return concept["coding"][0]["code"] if concept else None


def categories(record: Json) -> set[str]:
    return {coding["code"] for concept in record.get("category", ()) for coding in concept.get("coding", ())}
