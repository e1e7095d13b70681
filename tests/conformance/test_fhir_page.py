"""Every example of docs/fhir.md answers as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import httpx

PAGE = Path(__file__).parents[2] / "docs" / "fhir.md"
BLOCK = re.compile(
    r"```http\n(?P<method>[A-Z]+) ?(?P<path>\S.*)?\n(?P<body>[^→]*)→ (?P<status>\d+)(?: (?P<type>\w+))?(?: (?P<entries>\d+))?\n```"
)


class Example(NamedTuple):
    """One request, and what the page says of its answer."""

    method: str
    path: str
    body: str
    status: int
    type: str | None
    entries: int | None


def examples() -> list[Example]:
    page = PAGE.read_text()
    found = [
        Example(
            one["method"], one["path"] or "", one["body"].strip(), int(one["status"]), one["type"], one["entries"] and int(one["entries"])
        )
        for one in BLOCK.finditer(page)
    ]
    assert len(found) == page.count("```http")
    return found


async def test_the_examples_of_the_page_answer_as_it_says(alpha) -> None:
    said: list[tuple[str, object, object]] = []
    for one in examples():
        patch = {"content-type": "application/json-patch+json"} if one.method == "PATCH" else {}
        path, _, query = one.path.partition("?")
        asked = f"{path}?{httpx.QueryParams(query)}" if query else path
        answer = await alpha.ask(one.method, asked, json.loads(one.body) if one.body else None, **patch)
        expected = (one.status, one.type, one.entries)
        body = answer.json() if one.type else {}
        found = (answer.status_code, body.get("resourceType"), len(body.get("entry", [])) if one.entries is not None else None)
        if found != expected:
            said.append((f"{one.method} {one.path}", found, answer.text[:400]))

    assert said == []
