"""Log lines carry ids and places in the code, never what a record says."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from osler.platform import log


@pytest.fixture
def configured() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:], logging.getLogger().level = handlers, level


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_field_that_is_not_on_the_list_never_reaches_the_log(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")

    log.logger("test").info("read", type="Patient", id="p1", name="Jane Doe", birthDate="1950-03-01")

    (line,) = lines(capsys.readouterr().err)
    assert line["id"] == "p1"
    assert "Jane" not in str(line)
    assert "1950" not in str(line)


def test_an_error_is_logged_by_its_type_and_place_and_without_its_message(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    try:
        raise ValueError("Jane Doe, 555-1234")
    except ValueError:
        log.logger("test").exception("failed")
        logging.getLogger("library").exception("failed below")

    ours, below = lines(capsys.readouterr().err)
    assert ours["error"] == below["error"] == "ValueError"
    assert "test_log.py" in str(ours["exception"])
    assert "Jane" not in f"{ours}{below}"


def test_every_line_of_a_request_carries_its_id(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    token = log.request_id.set("req-7")
    try:
        log.logger("test").info("read")
    finally:
        log.request_id.reset(token)

    assert lines(capsys.readouterr().err)[0]["request_id"] == "req-7"
