"""The demonstration: tenant `demo` with its users, its machine client and its made-up patients; made once, found the next time."""

from __future__ import annotations

from rich.console import Console

from osler.app.runtime import Runtime
from osler.app.services import SERVICES
from osler.demo.seeding import seed_demo
from osler.platform.context import Tenant
from osler.platform.crypto import Passwords
from osler.platform.errors import Conflict
from osler.platform.store.tenants import all_tenants, create_tenant
from osler.platform.store.tidying import tidy
from osler.services.identity.workflows.ensure_demo import CLIENT, PASSWORD, USERS, ensure_demo

DEMO = "demo"


class NotADemoDatabase(Conflict):
    """`--demo` would put users with a published password beside real records."""


async def prepare_demo(runtime: Runtime, console: Console) -> None:
    """Make what is missing of the demonstration and say how to sign in. Raises `NotADemoDatabase`."""
    tenant = await demo_tenant(runtime)
    runtime.settings.data.mkdir(parents=True, exist_ok=True)
    async with runtime.store.connections.lend(tenant.key) as session:
        secret = await ensure_demo(session, tenant, runtime.settings.data, runtime.clock.now(), Passwords())
    if runtime.settings.demo_patients and len(runtime.running) == len(SERVICES):
        done = await seed_demo(await runtime.context_of_system(DEMO, "seed"), runtime.settings.demo_patients, console)
        if done.resources:
            async with runtime.database.owner() as owner:
                await tidy(owner)
    console.print(f"Sign in as {', '.join(USERS)} with the password {PASSWORD}", soft_wrap=True, markup=False)
    console.print(f"Machine client {CLIENT}, secret {secret}: osler token --client {CLIENT}", soft_wrap=True, markup=False)


async def demo_tenant(runtime: Runtime) -> Tenant:
    """The tenant `demo`, made when the database is empty. Raises `NotADemoDatabase` when any tenant is not a demonstration."""
    async with runtime.database.owner() as owner:
        for tenant, demo in await all_tenants(owner):
            if not demo:
                raise NotADemoDatabase(
                    f"this database has the tenant {tenant.name}, which is not a demonstration: --demo runs only on a database of its own"
                    " (set OSLER_DATA to another folder)"
                )
            if tenant.name == DEMO:
                return tenant
        return await create_tenant(owner, DEMO, demo=True)
