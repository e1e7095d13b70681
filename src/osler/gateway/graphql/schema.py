"""The app API's one schema: the base types and what each running service adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from graphql import GraphQLSchema, build_schema, print_schema

from osler.platform.manifest import Service


def merged_schema(services: Iterable[Service]) -> GraphQLSchema:
    """The schema of exactly these services; raises a graphql error when two of them disagree."""
    texts = [files("osler.gateway.graphql").joinpath("base.graphql").read_text("utf-8")]
    for service in sorted(services, key=lambda service: (service.name != "patient", service.name)):
        file = service.folder / "schema.graphql"
        if file.exists():
            texts.append(file.read_text("utf-8"))
    return build_schema("\n".join(texts))


def merged_sdl(services: Iterable[Service]) -> str:
    """The same as one SDL text, from which the web app generates its types."""
    return print_schema(merged_schema(services)) + "\n"
