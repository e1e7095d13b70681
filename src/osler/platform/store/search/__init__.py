"""FHIR search: parameters in, one SQL statement, one page out."""

from osler.platform.store.search.parse import parse_query, parse_types
from osler.platform.store.search.query import DEFAULT_COUNT, MOST_COUNT, Query
from osler.platform.store.search.run import Page, Searcher, shown_by

__all__ = ["DEFAULT_COUNT", "MOST_COUNT", "Page", "Query", "Searcher", "parse_query", "parse_types", "shown_by"]
