"""The certification kit's sequence for one profile after another, against a served FHIR base over HTTP.

What it finds is kept as failures by group and by search; nothing is skipped: a search for which the data hold no value has failed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx

from tests.conformance.us_core import parameters
from tests.conformance.us_core.elements import found, walk
from tests.conformance.us_core.table import BY_REFERENCE, OF_PATIENTS, PATIENT, Group

Json = dict[str, Any]
Query = list[tuple[str, str]]
PAGES = 20
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Found:
    """What one search answered: the matches, and what came with them."""

    matches: list[Json]
    others: list[Json]


@dataclass
class Replay:
    """One run over all groups."""

    http: httpx.AsyncClient
    base: str
    patients: tuple[str, ...]
    pools: dict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    """Group -> the resources that claim its profile, by `Type/id`, as the searches answered them."""
    failures: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """(group, search or step) -> what went wrong."""
    asked: set[tuple[str, str]] = field(default_factory=set)
    """The searches of the table that were carried out."""
    targets: dict[str, Json | None] = field(default_factory=dict)
    """Reference -> what reading it answered."""
    requests: int = 0

    async def run(self) -> None:
        """All 51 groups: those found by patient at once, then what they point at."""
        await asyncio.gather(*(self.group(group) for group in OF_PATIENTS))
        pointed = await self.follow(name for pool in list(self.pools.values()) for name in references(pool.values()))
        for group in BY_REFERENCE:
            for name, target in pointed.items():
                if target["resourceType"] == group.type:
                    self.pools[group.name].setdefault(name, target)
            await self.group(group)
        await self.follow(name for pool in list(self.pools.values()) for name in references(pool.values()))

    async def group(self, group: Group) -> None:
        """Steps 1 to 7 of the sequence for one profile."""
        if group.first:
            for patient in self.patients:
                for query in self.first_queries(group, patient):
                    await self.first_search(group, query)
        if not self.pools[group.name]:
            self.fail(group, "pool", "no resource of this profile was found")
            return
        for search in dict.fromkeys((*group.shall, *group.should)):
            await self.search(group, search)
        await self.read(group)
        if group.shall:
            await self.provenance(group)

    def fail(self, group: Group, step: str, words: str) -> None:
        """Keep a failure."""
        self.failures[group.name, step].append(words)

    async def ask(self, kind: str, query: Query, *, post: bool = False) -> Found:
        """One search, followed from page to page."""
        url = f"{self.base}/{kind}"
        if post:
            answer = await self.http.post(f"{url}/_search", content=str(httpx.QueryParams(query)), headers=FORM)
        else:
            answer = await self.http.get(url, params=query)
        result = Found([], [])
        for _ in range(PAGES):
            self.requests += 1
            assert answer.status_code == 200, f"{answer.status_code} for {kind}?{httpx.QueryParams(query)}: {answer.text[:300]}"
            bundle = answer.json()
            assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
            for entry in bundle.get("entry", []):
                resource = entry["resource"]
                if resource["resourceType"] == kind and entry["search"]["mode"] == "match":
                    result.matches.append(resource)
                else:
                    assert entry["search"]["mode"] in ("include", "outcome"), f"a {resource['resourceType']} nobody asked for"
                    result.others.append(resource)
            following = [link["url"] for link in bundle.get("link", []) if link["relation"] == "next"]
            if not following:
                break
            answer = await self.http.get(following[0])
        return result

    async def checked(self, group: Group, step: str, query: Query, *, post: bool = False, includes: Query | None = None) -> Found:
        """A search each of whose matches is compared with every parameter."""
        try:
            result = await self.ask(group.type, [*query, *(includes or [])], post=post)
        except AssertionError as failure:
            self.fail(group, step, str(failure))
            return Found([], [])
        for resource in result.matches:
            for name, text in query:
                if not parameters.matches(resource, name, text, self.base):
                    self.fail(group, step, f"{resource['id']} does not satisfy {name}={text}")
        allowed = {"OperationOutcome"} if not includes else None
        if allowed is not None and any(one["resourceType"] not in allowed for one in result.others):
            self.fail(group, step, "the Bundle holds what was not asked for")
        return result

    def first_queries(self, group: Group, patient: str) -> list[Query]:
        """The first search with the patient's id and each value that the profile fixes."""
        names = group.first.split("+")
        choices = [(patient,) if name in ("patient", "_id") else group.fixed[name] for name in names]
        return [list(zip(names, values, strict=True)) for values in product(*choices)]

    async def first_search(self, group: Group, query: Query) -> None:
        """The first search, kept as the pool; then the same by POST, by relative reference and with the code's system."""
        result = await self.checked(group, group.first, query)
        for resource in result.matches:
            if group.profile in resource.get("meta", {}).get("profile", []):
                self.pools[group.name][name_of(resource)] = resource
            elif "code" in group.fixed:
                self.fail(group, group.first, f"{resource['id']} does not claim the profile of its code")
        if result.matches:
            self.asked.add((group.name, group.first))
            await self.variants(group, group.first, query, result)

    async def variants(self, group: Group, step: str, query: Query, plain: Found) -> None:
        """Other ways to ask the same: they answer the same."""
        count = len(plain.matches)
        ways: list[tuple[str, Query, bool]] = [("POST", query, True)]
        if "patient" in dict(query):
            ways.append(("Patient/ID", [(name, f"Patient/{text}" if name == "patient" else text) for name, text in query], False))
        if any(self.coded(group, name) for name, _ in query):
            ways.append(("system|code", [(name, self.with_system(plain, name, text)) for name, text in query], False))
        for way, variant, post in ways:
            result = await self.checked(group, step, variant, post=post)
            if way == "system|code" and result.matches:
                continue
            if len(result.matches) != count:
                self.fail(group, step, f"{way} finds {len(result.matches)}, the plain search {count}")
        for include in group.includes:
            await self.included(group, step, query, include)

    def coded(self, group: Group, name: str) -> bool:
        return parameters.parameter(group.type, name).kind == "token"

    def with_system(self, plain: Found, name: str, text: str) -> str:
        """The value with its system, where a match tells one."""
        for resource in plain.matches:
            if parameters.parameter(resource["resourceType"], name).kind != "token":
                return text
            for value in parameters.elements(resource, name):
                for system, code in parameters.tokens(value):
                    if code.casefold() == text.casefold() and system:
                        return f"{system}|{code}"
        return text

    async def included(self, group: Group, step: str, query: Query, include: str) -> None:
        """What `_include` brings is what the matches point at, and all of it."""
        result = await self.checked(group, step, query, includes=[("_include", include)])
        path = {"participant": "participant.member", "medication": "medicationReference"}.get(include.split(":")[1], include.split(":")[1])
        wanted = {one["reference"] for match in result.matches for one in found(match, path)}
        brought = {name_of(one) for one in result.others}
        if not brought <= wanted or any(name not in brought for name in wanted):
            self.fail(group, f"include {include}", f"brought {sorted(brought)[:5]}, the matches point at {sorted(wanted)[:5]}")
        if wanted:
            self.asked.add((group.name, f"include {include}"))

    async def search(self, group: Group, search: str) -> None:
        """A search of the table with values of each patient's resources, its comparators and its lists of values."""
        names = search.split("+")
        for mine in self.by_patient(group):
            chosen = [(one, self.values(one, names)) for one in mine]
            usable = [(one, values) for one, values in chosen if values is not None]
            if not usable:
                continue
            source, values = usable[0]
            query = list(zip(names, values, strict=True))
            result = await self.checked(group, search, query)
            if name_of(source) not in set(map(name_of, result.matches)) and len(result.matches) < PAGES * 50:
                self.fail(group, search, f"{query} does not find {source['id']}, whose values these are")
            if result.matches:
                self.asked.add((group.name, search))
            if not group.first and search == group.shall[0]:
                await self.variants(group, search, query, result)
            for name in set(names) & set(group.compared):
                await self.compare(group, search, query, source, name)
            for name in set(names) & group.listed.keys():
                await self.list_values(group, search, query, [one for one, _ in usable], name)
        if (group.name, search) not in self.asked:
            self.fail(group, search, "the data hold no value to search for")

    def by_patient(self, group: Group) -> list[list[Json]]:
        """The pool, patient by patient; all of it together where it is of no patient."""
        owned: dict[str, list[Json]] = defaultdict(list)
        for resource in self.pools[group.name].values():
            owner = next((one["reference"] for path in ("subject", "patient", "beneficiary") for one in found(resource, path)), "")
            owned[owner].append(resource)
        return list(owned.values())

    def values(self, resource: Json, names: Iterable[str]) -> list[str] | None:
        """A value for each parameter from one resource, or None."""
        values = [parameters.searched(resource, name) for name in names]
        return None if None in values else [str(value) for value in values]

    async def compare(self, group: Group, search: str, query: Query, source: Json, name: str) -> None:
        """gt and ge of the day before, lt and le of the day after: each finds the resource the date came from."""
        value = parameters.elements(source, name)[0]
        first, last = (value.get("start"), value.get("end") or value.get("start")) if isinstance(value, dict) else (value, value)
        for prefix, when in (("gt", first), ("ge", first), ("lt", last), ("le", last)):
            if prefix[0] == "l" and isinstance(value, dict):
                when = value.get("start")
            moved = f"{prefix}{parameters.shifted(str(when), -1 if prefix[0] == 'g' else 1)}"
            result = await self.checked(group, search, [(one, moved if one == name else text) for one, text in query])
            if name_of(source) not in set(map(name_of, result.matches)):
                self.fail(group, search, f"{name}={moved} does not find {source['id']}")

    async def list_values(self, group: Group, search: str, query: Query, pool: list[Json], name: str) -> None:
        """All legal codes at once: every resource of the pool that fits the other parameters comes back."""
        rest = [(one, text) for one, text in query if one != name]
        fitting = [one for one in pool if all(parameters.matches(one, other, text, self.base) for other, text in rest)]
        codes = group.listed[name] or tuple(dict.fromkeys(filter(None, (parameters.searched(one, name) for one in fitting))))[:8]
        result = await self.checked(group, search, [*rest, (name, ",".join(codes))])
        wanted = {parameters.searched(one, name) for one in fitting} & {*codes}
        back = {code for one in result.matches for value in parameters.elements(one, name) for _, code in parameters.tokens(value)}
        if not wanted <= back:
            self.fail(group, search, f"{name} with {len(codes)} values brings {sorted(back)}, the data hold {sorted(map(str, wanted))}")

    async def read(self, group: Group) -> None:
        """Each resource of the pool that stands first for its patient can be read by id, in this version too."""
        for mine in self.by_patient(group):
            name = name_of(mine[0])
            answer = await self.http.get(f"{self.base}/{name}")
            self.requests += 1
            if answer.status_code != 200 or name_of(answer.json()) != name:
                self.fail(group, "read", f"{name} answers {answer.status_code}")
            version = await self.http.get(f"{self.base}/{name}/_history/{mine[0]['meta']['versionId']}")
            if version.status_code != 200 or version.json() != answer.json():
                self.fail(group, "read", f"{name} in its version answers {version.status_code}")

    async def provenance(self, group: Group) -> None:
        """`_revinclude=Provenance:target` on the first search brings at least one, and each is of a match."""
        brought: list[Json] = []
        for mine in self.by_patient(group):
            query = [("_id", ",".join(sorted(one["id"] for one in mine)[:40]))]
            if group.first:
                owner = next((one["reference"] for path in ("subject", "patient", "beneficiary") for one in found(mine[0], path)), None)
                queries = self.first_queries(group, owner.partition("/")[2] if owner else mine[0]["id"])
            else:
                queries = [list(zip(group.shall[0].split("+"), self.values(mine[0], group.shall[0].split("+")) or [], strict=True)), query]
            for asked in queries:
                result = await self.checked(group, "revinclude", asked, includes=[("_revinclude", "Provenance:target")])
                matched = set(map(name_of, result.matches))
                for one in result.others:
                    if one["resourceType"] != "Provenance":
                        continue
                    if not matched & {target["reference"] for target in one["target"]}:
                        self.fail(group, "revinclude", f"{one['id']} is of no match")
                    brought.append(one)
        self.pools["provenance"] |= {name_of(one): one for one in brought}
        if not brought:
            self.fail(group, "revinclude", "no Provenance came back")

    async def follow(self, names: Iterable[str]) -> dict[str, Json]:
        """Read what these references point at; each once."""
        waiting = [name for name in dict.fromkeys(names) if name not in self.targets]
        self.targets.update(dict.fromkeys(waiting))
        gate = asyncio.Semaphore(8)

        async def read(name: str) -> None:
            async with gate:
                answer = await self.http.get(f"{self.base}/{name}")
                self.requests += 1
                self.targets[name] = answer.json() if answer.status_code == 200 else None

        await asyncio.gather(*map(read, waiting))
        return {name: target for name, target in self.targets.items() if target is not None}


def name_of(resource: Json) -> str:
    """`Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"


def references(resources: Iterable[Json]) -> Iterable[str]:
    """Every literal reference in these resources, but a Provenance's to what it is about."""
    for resource in resources:
        for node in walk(resource):
            target = node.get("reference")
            if isinstance(target, str) and target.count("/") == 1:
                yield target


__all__ = ["PATIENT", "Replay", "name_of", "references"]
