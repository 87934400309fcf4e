"""One writer at a time, for coroutines and threads, in the order of asking."""

import asyncio
import threading

import pytest

from workflows.turns import Turns


async def test_coroutines_and_threads_never_write_at_the_same_time() -> None:
    turns, inside, most = Turns(), 0, 0

    def enter() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)

    def leave() -> None:
        nonlocal inside
        inside -= 1

    def thread() -> None:
        for _ in range(50):
            assert turns.take()
            enter()
            leave()
            turns.give()

    async def coroutine() -> None:
        for _ in range(50):
            async with turns.turn():
                enter()
                await asyncio.sleep(0)
                leave()

    await asyncio.gather(
        *(asyncio.to_thread(thread) for _ in range(4)), *(coroutine() for _ in range(4))
    )
    assert (most, inside) == (1, 0)


async def test_who_asked_first_is_let_in_first() -> None:
    turns, order = Turns(), list[int]()

    async def ask(n: int) -> None:
        async with turns.turn():
            order.append(n)

    async with turns.turn():
        waiting = [asyncio.create_task(ask(n)) for n in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2, 3, 4]


async def test_who_is_cancelled_while_waiting_holds_up_nobody() -> None:
    turns = Turns()

    async def ask() -> None:
        async with turns.turn():
            pass

    async with turns.turn():
        cancelled, patient = asyncio.create_task(ask()), asyncio.create_task(ask())
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
    async with asyncio.timeout(1):
        await patient
        await ask()


async def test_who_is_cancelled_just_as_they_are_let_in_gives_the_turn_back() -> None:
    turns = Turns()

    async def ask() -> None:
        async with turns.turn():
            pass

    async with turns.turn():
        unlucky = asyncio.create_task(ask())
        await asyncio.sleep(0)
    unlucky.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unlucky
    async with asyncio.timeout(1):
        await ask()


def test_a_thread_that_waited_too_long_goes_without_and_takes_nobodys_turn() -> None:
    turns = Turns()
    assert turns.take()
    assert turns.take(patience=0.01) is False
    turns.give()
    done = threading.Thread(target=turns.take)
    done.start()
    done.join(1)
    assert not done.is_alive()
