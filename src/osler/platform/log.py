"""JSON log lines that carry ids and never a name, a note or a result; each line of a request carries its request id."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id that the response carries as X-Request-Id; set once per request by platform.web."""

ALLOWED = frozenset(
    (
        "event",
        "level",
        "timestamp",
        "part",
        "logger",
        "request_id",
        "tenant",
        "actor",
        "method",
        "route",
        "status",
        "milliseconds",
        "type",
        "id",
        "version",
        "service",
        "command",
        "handler",
        "seq",
        "attempts",
        "kind",
        "error",
        "exception",
        "count",
        "seconds",
        "host",
        "port",
        "path",
        "pid",
        "signal",
        "reason",
        "stream",
        "job",
        "folder",
        "server",
    )
)
"""The only fields a line may carry. Anything else is dropped: a forgotten `name=` must not become a leak."""

INNER = frozenset(("_record", "_from_structlog"))
"""What structlog itself needs while it formats another library's line."""


def only_allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list, and add the request id."""
    kept = {key: value for key, value in line.items() if key in ALLOWED or key in INNER}
    record = line.get("_record")
    if record is not None:
        # Another library's line: its first line as written in its code, without the values put into it.
        kept["event"] = str(record.msg).partition("\n")[0]
    if (current := request_id.get()) and "request_id" not in kept:
        kept["request_id"] = current
    return kept


def frames_without_values(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Turn an exception into its type and places in the code; its message may quote data, so it stays out."""
    given = line.pop("exc_info", None)
    error = (
        sys.exc_info()[1]
        if given is True
        else given
        if isinstance(given, BaseException)
        else given[1]
        if isinstance(given, tuple)
        else None
    )
    if error is not None:
        places = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rpartition('osler/')[2]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        line["error"] = type(error).__name__
        line["exception"] = places[-12:]
    return line


def configure(level: str) -> None:
    """Send JSON lines to standard error, ours and those of the libraries below us."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        frames_without_values,
        only_allowed,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one part of Osler."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return bound
