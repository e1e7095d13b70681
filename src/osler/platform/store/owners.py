"""Which service owns a FHIR type, hence in which schema it lies, who may write it here and what is checked before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from osler.platform.errors import Forbidden, NotFound
from osler.platform.fhir import TYPE_CODE, Parsed
from osler.platform.manifest import BeforeWrite, Service


class Owners:
    """Built once from all manifests; `running` names the services of this process (None: all of them)."""

    def __init__(self, services: Sequence[Service], running: Iterable[str] | None = None) -> None:
        here = {service.name for service in services} if running is None else set(running)
        self._schema = {type_: service.name for service in services for type_ in service.types}
        self._served = {type_ for type_, name in self._schema.items() if name in here}
        self._checks: dict[str, tuple[BeforeWrite, ...]] = {}
        for service in services:
            for type_, checks in service.before_write.items():
                self._checks[type_] = self._checks.get(type_, ()) + tuple(checks)
        codes: dict[str, list[int]] = {}
        for type_, name in self._schema.items():
            codes.setdefault(name, []).append(TYPE_CODE[type_])
        self.schemas = tuple((name, tuple(sorted(found))) for name, found in sorted(codes.items()))
        """Every schema with the codes of its types."""

    def serves(self, type: str) -> bool:  # noqa: A002 - FHIR's word
        """This process runs the service that writes this type."""
        return type in self._served

    def schema_of(self, type: str) -> str:  # noqa: A002 - FHIR's word
        """The schema of the service that owns this type. Raises `NotFound` for a type nobody owns."""
        schema = self._schema.get(type)
        if schema is None:
            raise NotFound(f"{type} is not a type of resource this server has")
        return schema

    def check_served(self, type: str) -> None:  # noqa: A002 - FHIR's word
        """Raises `Forbidden` when another process must write this type."""
        owner = self.schema_of(type)
        if type not in self._served:
            raise Forbidden(f"{type} is written by the service {owner}, which this process does not run")

    def check(self, parsed: Parsed) -> None:
        """Run the owner's before-write checks. Raises `Invalid`, `Conflict` or `Forbidden`."""
        self.check_served(parsed.type)
        for check in self._checks.get(parsed.type, ()):
            check(parsed)
