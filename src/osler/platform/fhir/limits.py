"""How much of anything one request may bring; the CapabilityStatement and docs name the same numbers."""

from __future__ import annotations

MOST_DEPTH = 100
"""Levels of nesting in JSON or XML: the deepest of R4's examples has 13."""
MOST_ENTRIES = 20_000
"""Entries of one Bundle."""
MOST_ISSUES = 100
"""Problems told of one body; after that nothing more is read."""
LONGEST_STRING = 16 * 1024 * 1024
"""Bytes of one string; R4 has 1 MiB for `string`, a base64Binary may be larger."""
