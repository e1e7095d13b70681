"""What the shipped compression dictionary saves, and how to train its successor on the demo clinic's stored bodies.

    python scripts/build_dictionary.py                  # the shipped dictionary is the recorded one; report what it saves
    python scripts/build_dictionary.py --train FILE     # train a new one, for a new number in store/codec.py

Bodies are unreadable without the dictionary they were written with, so a dictionary is never trained anew under its old number:
its digest stands here. The same generator and the same zstandard release always train the same bytes (a test trains twice).
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import zstandard

from osler.demo.clinic import Clinic
from osler.platform.fhir import parse, parse_envelope, parse_value, stamp

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "src/osler/platform/store/dictionary_v1.zdict"
DIGEST = "3dd0a87febb1adfd4b51a97dcca2324d403207f5fabd59405d0e392f339c9657"
SYNTHEA = ROOT.parent / "shared/data/synthea/blaze-2021"
SIZE = 64 * 1024
LEVEL = 3
TRAINED_ON = Clinic(as_of=date(2026, 1, 5), seed=20, patients=160)
HELD_OUT = Clinic(as_of=date(2025, 6, 2), seed=77, patients=60)
MOST_PER_TYPE = 900
STAMPED = datetime(2026, 1, 5, 12, tzinfo=UTC)


def generated(clinic: Clinic) -> Iterator[tuple[str, bytes]]:
    """Type and stored body of every resource of a generated clinic."""
    for group, resources in clinic.groups():
        # The heavy patient alone would drown everybody else.
        for resource in resources[:400] if group == "heavy" else resources:
            parsed = parse(msgspec.json.encode(resource))
            yield parsed.type, stamp(parsed, resource["id"], 1, STAMPED)


def synthea(folder: Path, files: int) -> Iterator[tuple[str, bytes]]:
    """The same of the first patients of the Synthea files, which no training has seen."""
    for path in sorted(folder.glob("*.json.bz2"))[2 : 2 + files]:
        for raw in parse_envelope(bz2.decompress(path.read_bytes())).resources:
            if raw is not None:
                parsed = parse_value(raw)
                yield parsed.type, stamp(parsed, parsed.id or "x", 1, STAMPED)


def train(clinic: Clinic = TRAINED_ON, size: int = SIZE) -> bytes:
    """The dictionary: at most so many bodies of a type, so that rare types have a voice."""
    taken: Counter[str] = Counter()
    samples = []
    for kind, body in generated(clinic):
        if taken[kind] < MOST_PER_TYPE:
            taken[kind] += 1
            samples.append(body)
    return zstandard.train_dictionary(size, samples, k=256, d=8, level=LEVEL, steps=1, threads=0).as_bytes()


def report(name: str, bodies: Iterator[tuple[str, bytes]], dictionary: bytes) -> None:
    """Mean size before and after, of all and of the most frequent types."""
    packer = zstandard.ZstdCompressor(
        level=LEVEL, dict_data=zstandard.ZstdCompressionDict(dictionary), write_checksum=False, write_dict_id=False
    )
    alone = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False)
    sizes: dict[str, list[int]] = {}
    for kind, body in bodies:
        figures = (1, len(body), len(alone.compress(body)), len(packer.compress(body)))
        for key in (kind, "all"):
            sizes[key] = [a + b for a, b in zip(sizes.get(key, [0, 0, 0, 0]), figures, strict=True)]
    print(f"\n{name}\n{'type':24}{'bodies':>9}{'bytes':>9}{'zstd':>9}{'+ dict':>9}{'ratio':>8}")
    for key, (count, before, plain, after) in sorted(sizes.items(), key=lambda item: -item[1][1])[:10]:
        print(f"{key:24}{count:9}{before / count:9.0f}{plain / count:9.0f}{after / count:9.0f}{before / after:8.1f}")


def main() -> int:
    """Report on the shipped dictionary, or train and report on a new one."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--train", type=Path, metavar="FILE", help="train a new dictionary into this file")
    target: Path | None = options.parse_args().train
    if target is not None:
        target.write_bytes(train())
    dictionary = (target or SHIPPED).read_bytes()
    intact = target is not None or hashlib.sha256(dictionary).hexdigest() == DIGEST
    state = "trained" if target else "as shipped" if intact else "NOT the shipped one"
    print(f"{(target or SHIPPED).name}: {len(dictionary):,} bytes, {state}")
    report("generated, held out", generated(HELD_OUT), dictionary)
    if SYNTHEA.is_dir():
        report("Synthea, never trained on", synthea(SYNTHEA, 20), dictionary)
    return 0 if intact else 1


if __name__ == "__main__":
    sys.exit(main())
