"""Reading an implementation guide's package: a tgz that comes from outside and is trusted with nothing.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import gzip
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from osler.platform.errors import Malformed
from osler.platform.validation.links import absolute

LARGEST_PACKAGE = 256 * 1024 * 1024
LARGEST_UNPACKED = 2 * 1024 * 1024 * 1024
LARGEST_MEMBER = 32 * 1024 * 1024
MOST_MEMBERS = 50_000
KINDS = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
_BROKEN = (tarfile.TarError, zlib.error, EOFError, OSError)


@dataclass(slots=True)
class Package:
    """What was found: the definitions to load, and what was left out with the reason."""

    name: str = ""
    version: str = ""
    definitions: list[dict[str, Any]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0


class _Limited:
    """A stream that ends with an error when it gives more than it may."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self._source = source
        self._left = LARGEST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Malformed(f"The package unpacks to more than {LARGEST_UNPACKED} bytes and was not loaded")
        return data


def read_package(file: Path) -> Package:
    """The definitions of a package. Raises `Malformed` for what is no package, or more than is read; nothing is written anywhere."""

    if file.stat().st_size > LARGEST_PACKAGE:
        raise Malformed(f"The package is larger than {LARGEST_PACKAGE} bytes and was not loaded")
    package = Package()
    try:
        with gzip.open(file) as unpacked, tarfile.open(fileobj=_Limited(unpacked), mode="r|") as archive:  # type: ignore[call-overload]
            for name, text in _members(archive, package):
                _take(package, name, text)
    except _BROKEN:
        raise Malformed("The file is not a tgz package, or a broken one; nothing was loaded") from None
    if not package.name:
        raise Malformed("The package has no package/package.json with a name; nothing was loaded")
    return package


def _members(archive: tarfile.TarFile, package: Package) -> Iterator[tuple[str, bytes]]:
    for number, member in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise Malformed(f"The package has more than {MOST_MEMBERS} files and was not loaded")
        if member.isdir():
            continue
        shown = member.name[:120] if member.name.isprintable() else "a file"
        if not member.isfile():
            package.refused.append((shown, "links and devices are not read"))
        elif member.name.startswith("/") or ".." in member.name.split("/"):
            package.refused.append((shown, "its path leads outside the package"))
        elif member.name.startswith("package/") and member.name.count("/") == 1 and member.name.endswith(".json"):
            if member.size > LARGEST_MEMBER:
                package.refused.append((shown, f"larger than {LARGEST_MEMBER} bytes"))
            else:
                content = archive.extractfile(member)
                yield member.name, content.read() if content is not None else b""
        else:
            package.others += 1


def _take(package: Package, name: str, text: bytes) -> None:
    try:
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        package.refused.append((name, "not JSON"))
        return
    if name == "package/package.json":
        if isinstance(found, dict) and isinstance(found.get("name"), str):
            package.name, package.version = found["name"][:200], str(found.get("version", ""))[:60]
        return
    kind = found.get("resourceType") if isinstance(found, dict) else None
    if kind not in KINDS:
        package.others += 1
        return
    reason = _reason(found)
    if reason:
        package.refused.append((name, reason))
    else:
        package.definitions.append(found)


def _reason(found: dict[str, Any]) -> str:
    """Why a definition cannot be used; empty when it can."""
    url = found.get("url")
    if not isinstance(url, str) or not absolute(url) or len(url) > 500:
        return "no canonical URL"
    if not isinstance(found.get("version", ""), str):
        return "its version is not a string"
    if found["resourceType"] == "StructureDefinition":
        if not isinstance(found.get("type"), str):
            return "no type"
        version = str(found.get("fhirVersion", "4.0.1"))
        if not version.startswith("4."):
            return f"for FHIR {version[:20]}, not R4"
        parts = [found.get(p) for p in ("snapshot", "differential")]
        if not any(isinstance(p, dict) and isinstance(p.get("element"), list) and p["element"] for p in parts):
            return "neither snapshot nor differential"
    return ""
