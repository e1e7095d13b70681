"""Lanes with a common gate send one batch at a time, and none of them can hold up the others for long."""

from __future__ import annotations

import asyncio

from osler.platform.store.lanes import PATIENCE, Gate, Lane


async def test_what_waits_at_the_gate_goes_in_one_batch() -> None:
    sent: list[list[int]] = []

    async def send(jobs: list[int]) -> list[int | Exception]:
        sent.append(jobs)
        await asyncio.sleep(PATIENCE / 10)
        return list(jobs)

    gate = Gate()
    one, two = Lane(send, gate=gate), Lane(send, gate=gate)
    first = one.ask(1)
    await asyncio.sleep(0)
    others = [two.ask(number) for number in (2, 3, 4)]

    assert await asyncio.gather(first, *others) == [1, 2, 3, 4]
    assert sent == [[1], [2, 3, 4]]


async def test_a_batch_that_is_held_up_lets_the_others_pass() -> None:
    held = asyncio.Event()

    async def wait(jobs: list[int]) -> list[int | Exception]:
        await held.wait()
        return list(jobs)

    async def send(jobs: list[int]) -> list[int | Exception]:
        return list(jobs)

    gate = Gate()
    slow, quick = Lane(wait, gate=gate), Lane(send, gate=gate)
    first = slow.ask(1)
    await asyncio.sleep(0)

    assert [await asyncio.wait_for(quick.ask(number), 1) for number in (2, 3)] == [2, 3]
    assert not first.done()
    held.set()
    assert await first == 1


async def test_a_cancelled_waiter_does_not_close_the_gate() -> None:
    gate = Gate()

    async def hold(seconds: float) -> None:
        async with gate:
            await asyncio.sleep(seconds)

    holder = asyncio.create_task(hold(0.001))
    await asyncio.sleep(0)
    waiter, last = asyncio.create_task(hold(0)), asyncio.create_task(hold(0))
    await asyncio.sleep(0)
    waiter.cancel()

    await asyncio.wait_for(asyncio.gather(holder, last), 1)
    await asyncio.wait_for(hold(0), 1)
