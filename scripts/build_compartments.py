#!/usr/bin/env python3
"""Writes src/osler/platform/fhir/generated/compartments.py from the R4 compartment definitions.

usage: build_compartments.py FOLDER   (CompartmentDefinition-*.json, as HL7 publishes them)

Per compartment and type: the reference parameters by which a resource lies in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1] / "src/osler/platform/fhir/generated/compartments.py"
NAMES = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")
ITSELF = "{def}"
"""A compartment's own resource: it always lies in its compartment."""


def parameters(folder: Path, name: str) -> dict[str, str]:
    """Type -> parameters, in the order of the definition."""
    file = folder / f"CompartmentDefinition-{name[0].lower()}{name[1:]}.json"
    definition = json.loads(file.read_text())
    found = {item["code"]: [code for code in item.get("param", ()) if code != ITSELF] for item in definition["resource"]}
    return {kind: " ".join(codes) for kind, codes in sorted(found.items()) if codes}


def main() -> None:
    """Write the table."""
    folder = Path(sys.argv[1])
    lines = ['"""What lies in which compartment. Written by scripts/build_compartments.py; do not edit."""', ""]
    lines += ["# compartment -> type -> reference parameters that place a resource in it", "COMPARTMENTS: dict[str, dict[str, str]] = {"]
    for name in NAMES:
        lines.append(f'    "{name}": {{')
        lines += [f'        "{kind}": "{codes}",' for kind, codes in parameters(folder, name).items()]
        lines.append("    },")
    HOME.write_text("\n".join([*lines, "}", ""]))


if __name__ == "__main__":
    main()
