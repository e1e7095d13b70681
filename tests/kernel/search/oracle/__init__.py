"""Search as one would explain it, over many types: read R4's definitions, look at every resource, compare. No index, no SQL."""
