"""Every search parameter of every type answers: R4's 1,378 definitions and US Core's, with a value of its kind, alone and in a record."""

from __future__ import annotations

import pytest

from osler.platform.context import Context
from osler.platform.errors import OslerError
from osler.platform.fhir import TYPES, SearchParameter, search_parameters
from osler.platform.store.search import parse_query

VALUES = {
    "token": "a",
    "reference": "x",
    "string": "a",
    "date": "2020",
    "number": "1",
    "quantity": "1||mg",
    "uri": "urn:a",
    "special": "1|1",
}
ARGUED = {("DeviceDefinition", "classification"), *((name, "_query") for name in TYPES)}
"""R4 has no element for the first; `_query` names a query of the server's own, and there is none. Both are refused by name."""


def value_of(parameter: SearchParameter) -> str:
    if parameter.kind == "composite":
        return "$".join(VALUES[part.kind] for part in parameter.components)
    return VALUES[parameter.kind]


async def test_each_of_them_answers(ctx: Context) -> None:
    refused: dict[tuple[str, str], str] = {}
    asked = 0
    for name in TYPES:
        for parameter in search_parameters(name).values():
            asked += 1
            for text in (f"{parameter.code}={value_of(parameter)}", f"{parameter.code}:missing=true"):
                code, _, value = text.partition("=")
                if code.endswith(":missing") and parameter.code in ("_text", "_content"):
                    continue
                try:
                    page = await ctx.store.search(ctx, parse_query(name, [(code, value), ("_count", "1")]))
                    assert page.matches == []
                except OslerError as error:
                    refused[name, parameter.code] = str(error)

    assert asked == 3021
    assert set(refused) == ARGUED
    assert all(code in text for (_, code), text in refused.items())


@pytest.mark.parametrize("modifier", ["", ":missing"])
async def test_a_query_by_name_is_refused_as_one(ctx: Context, modifier: str) -> None:
    with pytest.raises(OslerError, match="no queries by name"):
        await ctx.store.search(ctx, parse_query("Patient", [(f"_query{modifier}", "true")]))
