"""The `osler` command. Every module of this package that has `register(app)` adds its command to it; nothing else is wired by hand."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer

from osler.platform.errors import OslerError


def build() -> typer.Typer:
    """The command line with every command of this package, in alphabetical order."""
    words = "An open-source, multi-tenant, FHIR-native electronic health record."
    app = typer.Typer(name="osler", help=words, no_args_is_help=True, pretty_exceptions_enable=False)
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        module = importlib.import_module(f"{__name__}.{found.name}")
        register = getattr(module, "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    """Run one command. What we refuse is said in one plain sentence and ends with code 1; a fault of ours shows its traceback."""
    try:
        build()()
    except OslerError as refusal:
        print(f"osler: {refusal}", file=sys.stderr)
        raise SystemExit(1) from None
