"""What reading and checking one resource costs, in CPU time: `python -m bench.validation`.

The budgets are 30 µs for an Observation of 1 KB and 60 µs for a Patient of 3 KB, parsing and R4's invariants included; 120 µs with
a US Core profile.
"""

from __future__ import annotations

import bz2
import gzip
import json
import time
from collections.abc import Callable

from osler.platform import fhir
from osler.platform.fhir import invariants
from osler.platform.testing import shared_data
from osler.platform.validation import SHIPPED, accepts, validate

ROUNDS, TIMES = 30, 300
PROFILE_BUDGET = 120.0
BUDGETS = (("Observation", 1024, 30.0), ("Patient", 3072, 60.0))


def microseconds(work: Callable[[], object]) -> float:
    """CPU time of one call: the best of several rounds, since the machine has other work."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(TIMES):
            work()
        best = min(best, time.process_time() - started)
    return best / TIMES * 1e6


def samples(name: str) -> list[bytes]:
    """Synthea's resources of this type, as they would be sent."""
    found = []
    for path in sorted(shared_data("synthea", "blaze-2021").glob("*.json.bz2"))[:6]:
        resources = [entry["resource"] for entry in json.loads(bz2.decompress(path.read_bytes()))["entry"]]
        found += [json.dumps(one, separators=(",", ":")).encode() for one in resources if one["resourceType"] == name]
    return found


def claiming(name: str) -> list[tuple[bytes, tuple[str, ...]]]:
    """The certification server's resources of this type with the US Core profiles they claim and keep; Synthea's patients too."""
    patient = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    found = [(body, (patient,)) for body in samples(name) if name == "Patient" and accepts(body, name, (patient,), SHIPPED)]
    for path in sorted(shared_data("fhir-examples", "inferno-reference").glob("uscore_bundle*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for entry in json.loads(text)["entry"]:
            resource = entry["resource"]
            urls = tuple(url for url in resource.get("meta", {}).get("profile", []) if SHIPPED.knows(url))
            body = json.dumps(resource, separators=(",", ":")).encode()
            if resource["resourceType"] == name and urls and accepts(body, name, urls, SHIPPED):
                found.append((body, urls))
    return found


def with_profiles() -> None:
    """The same with a profile: what a write asks, and the complete list of issues that $validate makes."""
    print(f"\n{'type':12} {'bytes':>6} {'read and profile':>16} {'of it profile':>14} {'budget':>8} {'all issues':>11}  profile")
    for name, size, _ in BUDGETS:
        known = {url for _, urls in claiming(name) for url in urls}
        for url in sorted(known):
            body, urls = min((c for c in claiming(name) if url in c[1]), key=lambda one: abs(len(one[0]) - size))
            alone = microseconds(lambda body=body, urls=urls, name=name: accepts(body, name, urls, SHIPPED))
            whole = alone + microseconds(lambda body=body: fhir.parse(body))
            started = time.process_time()
            for _ in range(20):
                validate(body, profiles=urls)
            slow = (time.process_time() - started) / 20 * 1e6
            short = url.rpartition("/")[2]
            print(f"{name:12} {len(body):6} {whole:13.1f} µs {alone:11.1f} µs {PROFILE_BUDGET:5.0f} µs {slow:8.0f} µs  {short}")


def main() -> None:
    print(f"{'type':12} {'bytes':>6} {'read and check':>15} {'of it invariants':>17} {'budget':>8}")
    for name, size, budget in BUDGETS:
        text = min(samples(name), key=lambda one: abs(len(one) - size))
        struct = fhir.parse(text).resource
        whole = microseconds(lambda text=text: fhir.parse(text))
        rules = microseconds(lambda struct=struct, text=text: invariants.check(struct, text))
        print(f"{name:12} {len(text):6} {whole:12.1f} µs {rules:14.1f} µs {budget:5.0f} µs")
    with_profiles()


if __name__ == "__main__":
    main()
