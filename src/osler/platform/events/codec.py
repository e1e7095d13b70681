"""How an event lies in the outbox: its kind (`patient.PatientRegistered`) and its fields as JSON."""

from __future__ import annotations

import msgspec

from osler.platform.messages import Event

ENCODER = msgspec.json.Encoder(decimal_format="number")


def kind_of(event: type[Event]) -> str:
    """The service that sends it and its name: `osler.services.patient.contract.PatientRegistered` -> `patient.PatientRegistered`."""
    parts = event.__module__.split(".")
    service = parts[2] if parts[:2] == ["osler", "services"] else parts[-1]
    return f"{service}.{event.__name__}"


def encode(event: Event) -> tuple[str, bytes]:
    """An event as (kind, payload) for the outbox row."""
    return kind_of(type(event)), ENCODER.encode(event)


def decode(event: type[Event], payload: bytes) -> Event:
    """The event of an outbox row. Raises `msgspec.ValidationError` when an older version of it does not fit any more."""
    return msgspec.json.decode(payload, type=event)
