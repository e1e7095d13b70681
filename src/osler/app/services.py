"""The eleven services, and which of them this process runs."""

from __future__ import annotations

from collections.abc import Sequence

from osler.platform.errors import Malformed
from osler.platform.manifest import Service
from osler.services.billing.service import service as billing
from osler.services.decisions.service import service as decisions
from osler.services.encounter.service import service as encounter
from osler.services.exchange.service import service as exchange
from osler.services.identity.service import service as identity
from osler.services.orders.service import service as orders
from osler.services.patient.service import service as patient
from osler.services.portal.service import service as portal
from osler.services.privacy.service import service as privacy
from osler.services.scheduling.service import service as scheduling
from osler.services.terminology.service import service as terminology

SERVICES: tuple[Service, ...] = (
    portal,
    exchange,
    billing,
    orders,
    scheduling,
    encounter,
    decisions,
    patient,
    privacy,
    terminology,
    identity,
)


def chosen(only: Sequence[str]) -> tuple[Service, ...]:
    """The services of `--only`, or all of them. Raises `Malformed` that names the one we do not know."""
    known = {service.name: service for service in SERVICES}
    for name in only:
        if name not in known:
            raise Malformed(f"there is no service {name!r}; the services are {', '.join(sorted(known))}")
    return tuple(known[name] for name in known if name in only) if only else SERVICES
