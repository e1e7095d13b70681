"""R4's invariants as generated code."""
