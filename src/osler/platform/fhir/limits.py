"""How much of anything one request may bring; the CapabilityStatement names the same numbers."""

from __future__ import annotations

MOST_DEPTH = 100
"""Objects or elements inside each other: the deepest of R4's own examples has 13."""
MOST_ENTRIES = 20_000
"""Entries of one Bundle: the longest of Synthea's lives has 2,686."""
MOST_VALUES = 4_000_000
"""Values of one body, the parts of a Bundle's resources counted."""
MOST_ISSUES = 100
"""Problems told of one body; after that nothing more is read."""
LONGEST_STRING = 1024 * 1024
"""Bytes of one string, as R4 has it (https://hl7.org/fhir/R4/datatypes.html#string); base64Binary may fill the body."""
