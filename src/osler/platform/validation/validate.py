"""The way in: a text or a JSON tree, and the issues it has."""

from __future__ import annotations

import json
from typing import Any

from osler.platform.errors import Issue, Malformed
from osler.platform.fhir.positions import broken_json, locate
from osler.platform.validation import reading
from osler.platform.validation.definitions import SHIPPED, Definitions
from osler.platform.validation.engine import Engine
from osler.platform.validation.items import Item
from osler.platform.validation.options import Options
from osler.platform.validation.report import MOST_ISSUES, Enough, Report, public

LARGEST = 16 * 1024 * 1024
MOST_ENTRIES = 5000
_DEFAULT = Options()


def validate(
    body: bytes,
    *,
    profiles: tuple[str, ...] = (),
    definitions: Definitions = SHIPPED,
    options: Options = _DEFAULT,
    expected: str | None = None,
) -> list[Issue]:
    """Every issue of a resource in JSON (up to a thousand), with line and column. A text that is not JSON is one fatal issue."""
    if len(body) > LARGEST:
        return [Issue("too-long", f"The text is longer than {LARGEST} bytes and was not validated", severity="fatal")]
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return _fatal(broken_json(body, f"The text is not UTF-8 (byte {error.start})"))
    try:
        tree, repeated = reading.parse(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        return [Issue("structure", f"The text is not JSON: {error.msg}", severity="fatal", line=error.lineno, column=error.colno)]
    except RecursionError:
        return [_too_deep()]
    except ValueError as error:
        return [Issue("structure", f"The text is not JSON: {error}", severity="fatal")]
    return locate(body, list(_issues(tree, repeated, profiles, definitions, options, expected)))


def validate_tree(
    tree: Any,
    *,
    profiles: tuple[str, ...] = (),
    definitions: Definitions = SHIPPED,
    options: Options = _DEFAULT,
) -> list[Issue]:
    """Every issue of a resource already read from JSON (decimals as Decimal), without line and column."""
    return [public(issue) for issue in _issues(tree, {}, profiles, definitions, options, None)]


def _fatal(refused: Malformed) -> list[Issue]:
    return [Issue(i.code, i.diagnostics, i.expression, "fatal", i.line, i.column) for i in refused.outcome()]


def _too_deep() -> Issue:
    return Issue("too-long", "The text is nested too deeply and was not validated", severity="fatal")


def _issues(
    tree: Any, repeated: dict[int, list[str]], profiles: tuple[str, ...], definitions: Definitions, options: Options, expected: str | None
) -> list[Issue]:
    report = Report()
    try:
        item = reading.Reader(report, repeated).resource(tree)
        if item is not None:
            _check(item, report, profiles, definitions, options, expected)
    except (reading.TooDeep, RecursionError):
        report.issues.append(_too_deep())  # type: ignore[arg-type]
    except Enough:
        said = f"The first {MOST_ISSUES} issues are listed; there may be more"
        return [*report.issues, Issue("too-costly", said, severity="warning")]
    return list(report.issues)


def _check(item: Item, report: Report, profiles: tuple[str, ...], definitions: Definitions, options: Options, expected: str | None) -> None:
    if expected is not None and item.type != expected:
        report.error("invalid", f"A resource of type {expected} is expected here", item)
    entries = len(item.all("entry"))
    if entries > MOST_ENTRIES:
        report.error("too-costly", f"More than {MOST_ENTRIES} entries are not validated at once", item)
        return
    engine = Engine(definitions, options)
    engine.index(item)
    engine.resource(item, report, profiles)
