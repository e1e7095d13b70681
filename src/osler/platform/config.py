"""Osler's settings: one frozen value, read from the environment once by the composition root and handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from osler.platform.errors import Malformed


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default. The variable is the field's name in capitals after `OSLER_`."""

    data: Path = Path(".osler")
    """Folder of the embedded database, its socket, keys and files."""
    host: str = "127.0.0.1"
    port: int = 8080
    database_url: str | None = None
    """Owner's DSN of a PostgreSQL >= 15 to use instead of the embedded one."""
    secret: str | None = field(default=None, repr=False)
    """Root of the database roles' passwords; default: the file `secret` in the data folder. Machines that share a database share it."""
    postgres_bin: Path | None = None
    """Folder with `postgres`, `initdb`, `pg_ctl`; default: the wheel's, then the system's."""
    postgres_listen: str = ""
    """Address on which the embedded PostgreSQL also listens by TCP; empty: socket only."""
    postgres_port: int = 5432
    only: tuple[str, ...] = ()
    """Services this process runs; empty: all of them."""
    peers: Mapping[str, str] | None = None
    """Base URL of each service that another process runs: `encounter=http://127.0.0.1:8081,...`."""
    demo: bool = False
    demo_patients: int = 200
    """How many patients `--demo` makes; 0: users and the machine client only."""
    body_limit: int = 64 * 1024 * 1024
    """Largest request body in bytes."""
    connections: int = 8
    """Database connections a process holds."""
    public_url: str | None = None
    """How the outside reaches us, when a proxy stands in front; default: what the request says."""
    trust_forwarded: bool = False
    """Believe `X-Forwarded-Host` and `-Proto`: only behind a proxy that sets them itself."""
    cors_origins: tuple[str, ...] = ()
    otlp_endpoint: str | None = None
    """OpenTelemetry collector; empty: tracing is off and costs nothing."""
    log_level: str = "info"


def settings_from(environment: Mapping[str, str], **given: object) -> Settings:
    """Read the settings from `environment`; keyword arguments that are not None win. Raises `Malformed` naming the variable."""

    def value(name: str) -> str | None:
        return environment.get(f"OSLER_{name.upper()}") or None

    def whole(name: str) -> int | None:
        text = value(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise Malformed(f"OSLER_{name.upper()} must be a whole number") from None

    read: dict[str, object | None] = {
        "data": Path(text).expanduser() if (text := value("data")) else None,
        "host": value("host"),
        "port": whole("port"),
        "database_url": value("database_url"),
        "secret": value("secret"),
        "postgres_bin": Path(text) if (text := value("postgres_bin")) else None,
        "postgres_listen": value("postgres_listen"),
        "postgres_port": whole("postgres_port"),
        "only": words(value("only")),
        "peers": pairs(value("peers")),
        "demo": value("demo") in ("1", "true", "yes") or None,
        "demo_patients": whole("demo_patients"),
        "body_limit": whole("body_limit"),
        "connections": whole("connections"),
        "public_url": value("public_url"),
        "trust_forwarded": value("trust_forwarded") in ("1", "true", "yes") or None,
        "cors_origins": words(value("cors_origins")),
        "otlp_endpoint": value("otlp_endpoint"),
        "log_level": value("log_level"),
    }
    told = {name: item for name, item in given.items() if item is not None}
    chosen = {name: item for name, item in read.items() if item is not None} | told
    return Settings(**chosen)  # type: ignore[arg-type]  # checked field by field above


def words(text: str | None) -> tuple[str, ...] | None:
    """`"a, b"` -> `("a", "b")`."""
    return tuple(word.strip() for word in text.split(",") if word.strip()) if text else None


def pairs(text: str | None) -> dict[str, str] | None:
    """`"a=x,b=y"` -> `{"a": "x", "b": "y"}`."""
    return dict(word.split("=", 1) for word in words(text) or () if "=" in word) if text else None
