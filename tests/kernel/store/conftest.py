"""A store on a database of its own, and two tenants to ask it for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from osler.app.services import SERVICES
from osler.platform.context import Actor, Context, Tenant
from osler.platform.messages import Command
from osler.platform.store import Store
from osler.platform.testing.database import TestDatabase


async def no_bus(ctx: Context, command: Command[Any]) -> Any:
    raise AssertionError("the store calls no service")


def context(store: Store, tenant: Tenant) -> Context:
    return Context(
        tenant, Actor("user/00000000-0000-0000-0000-000000000001", "user", frozenset({"physician"})), store, no_bus, request_id="req-1"
    )


@pytest.fixture
async def store(database: TestDatabase) -> AsyncIterator[Store]:
    opened = await Store.open(database.login.arguments(), SERVICES)
    yield opened
    await opened.close()


@pytest.fixture
async def ctx(store: Store, database: TestDatabase) -> Context:
    return context(store, database.alpha)


@pytest.fixture
async def other(store: Store, database: TestDatabase) -> Context:
    return context(store, database.beta)
