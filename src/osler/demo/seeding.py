"""Putting the demo clinic into a tenant: what is missing is loaded, what is there is left as it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from osler.demo.clinic import Clinic
from osler.gateway.fhir.bundle import process_bundle
from osler.platform.context import Context
from osler.platform.errors import Gone, NotFound

AT_ONCE = 3
LOOK_UP = 200
Advance = Callable[[int, int], None]
"""Told after every Bundle: records (patients, and the clinic itself) finished, resources loaded."""


@dataclass(slots=True)
class Seeded:
    """What one run has done."""

    resources: int = 0
    patients: int = 0
    seconds: float = 0.0


async def seed_clinic(ctx: Context, clinic: Clinic, advance: Advance = lambda groups, resources: None) -> Seeded:
    """Load what the tenant does not have of this clinic. A second run finds everything and does nothing.

    A record counts as there when its last resource is: the Patient, or for the clinic its Organization. A run that was
    interrupted is simply started again.
    """
    done, began = Seeded(), time.monotonic()
    missing = await missing_groups(ctx, clinic)
    if not missing:
        return done
    waiting = groups_of(clinic, missing)

    async def work() -> None:
        for parts in waiting:
            for body, size in parts:
                await process_bundle(ctx, body)
                done.resources += size
                advance(0, size)
            done.patients += 1
            advance(1, 0)

    if "clinic" in missing:
        body, size = next(waiting)[0]
        await process_bundle(ctx, body)
        done.resources = size
        advance(1, size)
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    done.seconds = time.monotonic() - began
    return done


def groups_of(clinic: Clinic, missing: set[str]) -> Iterator[list[tuple[bytes, int]]]:
    """The Bundles of each missing record, written when asked for: only the few in hand are in memory."""
    for group, resources in clinic.groups(missing):
        yield [(body, size) for _, body, size in clinic.split(group, resources)]


async def missing_groups(ctx: Context, clinic: Clinic) -> set[str]:
    """The records that are not in the tenant; one that somebody has deleted there is not brought back."""
    names = {"clinic": "Organization/clinic"} | {id_: f"Patient/{id_}" for id_ in clinic.patient_ids()}
    wanted = list(names)
    missing: set[str] = set()
    for start in range(0, len(wanted), LOOK_UP):
        part = wanted[start : start + LOOK_UP]
        there = await asyncio.gather(*(is_there(ctx, names[group]) for group in part))
        missing |= {group for group, found in zip(part, there, strict=True) if not found}
    return missing


async def is_there(ctx: Context, name: str) -> bool:
    """Whether `Type/id` is or was in the tenant."""
    kind, _, id_ = name.partition("/")
    try:
        await ctx.store.read(ctx, kind, id_)
    except NotFound:
        return False
    except Gone:
        return True
    return True


async def seed_demo(ctx: Context, patients: int, console: Console, seed: int = 1) -> Seeded:
    """Load the demo clinic as of today and show how far it is. No patients: no clinic."""
    if patients <= 0:
        return Seeded()
    clinic = Clinic(ctx.clock.now().date(), seed, patients)
    columns = (
        TextColumn("Loading demo patients"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )
    began, loaded = time.monotonic(), 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=patients + 1, speed="", visible=False)

        def advance(groups: int, resources: int) -> None:
            nonlocal loaded
            loaded += resources
            speed = loaded / max(time.monotonic() - began, 0.001)
            bar.update(task, advance=groups, visible=True, speed=f"{loaded:,} resources, {speed:,.0f}/s")

        done = await seed_clinic(ctx, clinic, advance)
    if done.resources:
        console.print(
            f"{done.patients} demo patients: {done.resources:,} resources in {done.seconds:.1f} s, {done.resources / done.seconds:,.0f}/s",
            markup=False,
        )
    return done
