#!/usr/bin/env python3
"""Writes src/osler/platform/fhir/generated/search_parameters.py from the R4 definitions.

usage: build_search_parameters.py FOLDER   (search-parameters, profiles, value sets and the patient compartment, as .json or .json.gz)

Per type: every search parameter with its expression cut to that type, the types its references may point at (the parameter's
targets that the element allows), the code system behind a plain `code`; and which element names the patient whose record it is.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path

from osler.platform.fhir.keys import parameter_key

HOME = Path(__file__).resolve().parents[1] / "src/osler/platform/fhir/generated/search_parameters.py"
NOT_R4 = {"SubscriptionStatus"}
WHOLE_RESOURCE = {"Resource", "DomainResource"}
PATIENT_PARAMETERS = ("patient", "subject", "beneficiary", "individual", "actor")
NOBODYS_RECORD = {"Group", "Schedule", "Person", "Patient"}

PRIMARY_DATES = {
    "AdverseEvent": "date recordedDate",
    "AllergyIntolerance": "recordedDate",
    "ChargeItem": "occurrence enteredDate",
    "Communication": "sent received",
    "Condition": "recordedDate onset",
    "Consent": "dateTime",
    "Coverage": "period",
    "DetectedIssue": "identified",
    "DeviceRequest": "authoredOn",
    "DiagnosticReport": "effective issued",
    "Goal": "start",
    "Immunization": "occurrence",
    "Invoice": "date",
    "MedicationAdministration": "effective",
    "MedicationDispense": "whenHandedOver whenPrepared",
    "MedicationRequest": "authoredOn",
    "MedicationStatement": "effective",
    "Observation": "effective",
    "Procedure": "performed",
    "Provenance": "recorded",
    "ServiceRequest": "authoredOn",
    "Task": "authoredOn",
}
KEEP_THE_SYSTEM = {".extension.value.code": ".extension.value.as(Coding)", ".value.coding.code": ".value.as(CodeableConcept)"}
"""US Core's race, ethnicity and gender identity end on the bare code; the coding holds the same code and its system."""
USUAL_DATES = [
    "date",
    "period",
    "birthdate",
    "created",
    "authored",
    "authored-on",
    "recorded",
    "start",
    "started",
    "issued",
    "collected",
    "timestamp",
    "datetime",
    "datewritten",
    "effective-time",
    "effective",
    "start-date",
    "identified",
    "sent",
    "when",
]
HEADS = (
    """\"\"\"Search parameters of every type. Written by scripts/build_search_parameters.py; do not edit.\"\"\"

# type (Resource: every type) -> one line per parameter:
# code, kind, target types (* = all), system behind a plain code, expression; tab-separated
PARAMETERS: dict[str, str] = {""",
    """
# type -> elements that name the patient, whether it is one reference at most, elements that date it
RECORDS: dict[str, tuple[str, bool, str]] = {""",
    """
# the patient compartment: type -> parameters that place a resource in it
PATIENT_COMPARTMENT: dict[str, tuple[str, ...]] = {""",
    """
# type -> one line per composite parameter: code, then each component as `kind parameter expression`; tab-separated
COMPOSITES: dict[str, str] = {""",
)


class Definitions:
    """The StructureDefinitions and value sets, looked up by name."""

    def __init__(self, folder: Path) -> None:
        self.elements: dict[str, dict] = {}
        self.resources: list[str] = []
        for name in ("profiles-types", "profiles-resources"):
            for entry in read(folder, name)["entry"]:
                self.add(entry["resource"])
        self.value_sets = {item["url"]: item for entry in read(folder, "valuesets")["entry"] if (item := entry["resource"]).get("url")}

    def add(self, definition: dict) -> None:
        if definition["resourceType"] != "StructureDefinition":
            return
        name = definition["name"]
        if definition["kind"] == "resource" and not definition["abstract"] and name not in NOT_R4:
            self.resources.append(name)
        for element in definition["snapshot"]["element"]:
            self.elements[element["path"]] = element

    def child(self, element: dict, name: str) -> dict | None:
        """The definition of one member; choices are found by their bare name."""
        if reference := element.get("contentReference"):
            element = self.elements[reference.lstrip("#")]
        bases = [element["path"], *(item["code"] for item in element.get("type", []))]
        for base in bases:
            for path in (f"{base}.{name}", f"{base}.{name}[x]"):
                if path in self.elements:
                    return self.elements[path]
        return None

    def walk(self, path: str) -> list[dict] | None:
        """The elements along `Type.a.b`, or None when one of them is not there."""
        first, *rest = path.split(".")
        found = [self.elements[first]]
        for name in rest:
            step = self.child(found[-1], name)
            if step is None:
                return None
            found.append(step)
        return found


def read(folder: Path, name: str) -> dict:
    plain, packed = folder / f"{name}.json", folder / f"{name}.json.gz"
    return json.loads(plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes()))


def alternatives(expression: str, base: str) -> list[str]:
    """The branches of a union that speak of `base`."""
    kept = []
    for branch in expression.split("|"):
        branch = branch.strip()
        first = re.match(r"\(?([A-Za-z]+)", branch)[1]
        if first == base or first in WHOLE_RESOURCE or not first[0].isupper():
            branch = re.sub(rf"^(\(?)({'|'.join(WHOLE_RESOURCE)})\b", rf"\g<1>{base}", branch)
            kept.append(branch if first[0].isupper() else f"{base}.{branch}")
    return kept


def plain_path(branch: str) -> str:
    """The branch without casts, filters and brackets."""
    branch = re.sub(r"\.where\((?:[^()]|\([^()]*\))*\)|\.as\(\w+\)|\.exists\(\).*|\[\d+\]", "", branch)
    return re.sub(r"\((\S+) as \w+\)", r"\1", branch)


def targets(definitions: Definitions, parameter: dict, branches: list[str]) -> str:
    """Types the parameter's references may point at: declared for the parameter and allowed by the element."""
    if parameter["type"] != "reference":
        return ""
    allowed: set[str] = set()
    for branch in branches:
        if only := re.search(r"resolve\(\) is (\w+)", branch):
            allowed.add(only[1])
            continue
        found = definitions.walk(plain_path(branch))
        for kind in found[-1].get("type", []) if found else []:
            profiles = kind.get("targetProfile", [])
            names = {profile.rsplit("/", 1)[-1] for profile in profiles}
            if kind["code"] in ("Reference", "canonical"):
                allowed |= set(definitions.resources) if not names or "Resource" in names else names
    declared = set(parameter.get("target", []))
    chosen = sorted((allowed & declared if allowed & declared else declared or allowed) & set(definitions.resources))
    return "*" if len(chosen) > 140 else " ".join(chosen)


def implied_system(definitions: Definitions, branches: list[str]) -> str:
    """The one code system behind elements of type `code`, which carry no system of their own."""
    systems: set[str] = set()
    for branch in branches:
        found = definitions.walk(plain_path(branch))
        element = found[-1] if found else {}
        if [kind["code"] for kind in element.get("type", [])] != ["code"]:
            return ""
        binding = element.get("binding", {})
        value_set = definitions.value_sets.get(binding.get("valueSet", "").split("|")[0], {})
        include = value_set.get("compose", {}).get("include", [])
        systems |= {item.get("system", "") for item in include} or {""}
    return systems.pop() if len(systems) == 1 else ""


def patient_element(definitions: Definitions, type_name: str, rows: dict[str, tuple], compartment: set[str]) -> tuple[str, bool]:
    """The element that names the patient whose record this is, and whether it can hold only one reference."""
    if type_name in NOBODYS_RECORD or not compartment:
        return "", False
    for code in PATIENT_PARAMETERS:
        row = rows.get(code)
        if row and (row[1] == "*" or "Patient" in row[1].split()):
            paths = [plain_path(branch) for branch in row[3].split(" | ")]
            found = [definitions.walk(path) for path in paths]
            single = len(paths) == 1 and all(element["max"] == "1" for element in found[0][1:])
            return " ".join(path.split(".", 1)[1] for path in paths), single
    return "", False


def date_elements(type_name: str, rows: dict[str, tuple]) -> str:
    """The element(s) whose first value dates the resource."""
    if type_name in PRIMARY_DATES:
        return PRIMARY_DATES[type_name]
    dates = {code: row[3] for code, row in rows.items() if row[0] == "date" and code != "_lastUpdated"}
    for code in (*USUAL_DATES, *dates):
        if code in dates and "|" not in dates[code]:
            return plain_path(dates[code]).split(".", 1)[1]
    return ""


def components_of(folder: Path) -> dict[str, dict[str, str]]:
    """type -> composite parameter -> its components."""
    resources = [entry["resource"] for entry in read(folder, "search-parameters")["entry"]]
    named = {one["url"]: f"{one['type']} {one['code']}" for one in resources}
    found: dict[str, dict[str, str]] = {}
    for one in resources:
        if one["type"] != "composite":
            continue
        parts = [(named[part["definition"]], part["expression"].replace("as(DateTime)", "as(dateTime)")) for part in one["component"]]
        if one["code"] == "relationship":
            # R4 has the two expressions the wrong way round: `relatesto` is the document pointed at, `relation` how
            parts = [(name, other) for (name, _), (_, other) in zip(parts, reversed(parts), strict=True)]
        for base in one["base"]:
            found.setdefault(base, {})[one["code"]] = "\t".join(" ".join(part) for part in parts)
    return found


def rows_of(definitions: Definitions, folder: Path) -> dict[str, dict[str, tuple]]:
    """type -> code -> (parameter type, targets, implied system, expression)."""
    table: dict[str, dict[str, tuple]] = {name: {} for name in ["Resource", *sorted(definitions.resources)]}
    for file in ("search-parameters", "search-parameters-uscore"):
        for entry in read(folder, file)["entry"]:
            parameter = entry["resource"]
            bases = parameter["base"]
            for base in ["Resource"] if WHOLE_RESOURCE & set(bases) else [name for name in bases if name in table]:
                expression = re.sub(r"(\w)\s*=\s*'", r"\1='", parameter.get("expression", ""))
                for bare, whole in KEEP_THE_SYSTEM.items():
                    expression = expression.replace(bare, whole)
                branches = alternatives(expression, base) if expression else []
                system = implied_system(definitions, branches) if parameter["type"] == "token" and branches else ""
                row = (parameter["type"], targets(definitions, parameter, branches), system, " | ".join(branches))
                table[base].setdefault(parameter["code"], row)
    return table


def main() -> None:
    folder = Path(sys.argv[1])
    definitions = Definitions(folder)
    table = rows_of(definitions, folder)
    compartment = {item["code"]: set(item.get("param", [])) for item in read(folder, "compartmentdefinition-patient")["resource"]}
    keys: dict[int, str] = {}
    lines = [HEADS[0]]
    records = []
    for type_name, rows in table.items():
        for code in [*rows, *table["Resource"]]:
            clash = keys.setdefault(parameter_key(type_name, code), f"{type_name}.{code}")
            if clash != f"{type_name}.{code}":
                sys.exit(f"key collision: {clash} and {type_name}.{code}")
        text = "".join("\t".join((code, *row)) + "\n" for code, row in sorted(rows.items()))
        lines.append(f'    "{type_name}": """\\\n{text}""",')
        if type_name == "Resource":
            continue
        element, single = patient_element(definitions, type_name, rows, compartment.get(type_name, set()))
        records.append((type_name, element, single, date_elements(type_name, rows)))
    lines += ["}", HEADS[1]]
    lines += [f'    "{name}": ("{element}", {single}, "{dates}"),' for name, element, single, dates in records]
    lines += ["}", HEADS[2]]
    for name, codes in sorted(compartment.items()):
        if codes and name in table:
            lines.append(f'    "{name}": {tuple(sorted(codes))!r},'.replace("'", '"'))
    lines += ["}", HEADS[3]]
    for name, composites in sorted(components_of(folder).items()):
        text = "".join(f"{code}\t{parts}\n" for code, parts in sorted(composites.items()))
        lines.append(f'    "{name}": """\\\n{text}""",')
    HOME.write_text("\n".join([*lines, "}", ""]))


if __name__ == "__main__":
    main()
