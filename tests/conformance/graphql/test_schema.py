"""The schema the web app was built from is the one that is served."""

from __future__ import annotations

from pathlib import Path

from graphql import is_abstract_type, validate_schema

from osler.app.services import SERVICES
from osler.gateway.graphql.plan import field_plans
from osler.gateway.graphql.schema import merged_schema, merged_sdl
from osler.platform.readplan import Section


def test_the_web_apps_copy_is_up_to_date() -> None:
    copy = Path(__file__).parents[3] / "web/schema.graphql"

    assert copy.read_text() == merged_sdl(SERVICES), "osler graphql-schema --to web/schema.graphql"


def test_every_plan_is_of_a_field_and_every_root_and_section_has_one() -> None:
    schema, plans = merged_schema(SERVICES), field_plans(SERVICES)
    fields = {f"{kind}.{name}" for kind in ("Query", "Chart", "Patient") for name in schema.type_map[kind].fields}  # type: ignore[attr-defined]

    assert validate_schema(schema) == []
    assert plans.keys() <= fields
    assert {name for name in fields if name.startswith(("Query.", "Chart."))} - plans.keys() == {"Chart.patient"}
    assert not [kind for kind in schema.type_map.values() if is_abstract_type(kind)]


def test_sections_that_may_be_withheld_may_be_null() -> None:
    chart = merged_schema(SERVICES).type_map["Chart"].fields  # type: ignore[attr-defined]

    assert [name for name in chart if str(chart[name].type).endswith("!")] == ["patient"]
    assert all(isinstance(plan, Section) for name, plan in field_plans(SERVICES).items() if name == "Chart.medications")
