"""All services, and which of them this process runs."""

from __future__ import annotations

from collections.abc import Sequence

from osler.platform.errors import Malformed
from osler.platform.manifest import Service
from osler.services import every_service

SERVICES: tuple[Service, ...] = every_service()


def chosen(only: Sequence[str]) -> tuple[Service, ...]:
    """The services of `--only`, or all of them. Raises `Malformed` that names the one we do not know."""
    known = {service.name: service for service in SERVICES}
    for name in only:
        if name not in known:
            raise Malformed(f"there is no service {name!r}; the services are {', '.join(known)}")
    return tuple(known[name] for name in known if name in only) if only else SERVICES
