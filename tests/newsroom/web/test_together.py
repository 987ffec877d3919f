"""Groups of requests, without any: who waits for whom, and who is told what."""

import asyncio
import threading
from collections.abc import Sequence

from newsroom.web.front.together import MOST, MOST_BYTES, Together


def groups_of(many: int, size: int = 1) -> list[int]:
    """How large the groups are that so many requests at once end up in."""
    groups: list[int] = []

    def work(requests: Sequence[int]) -> list[bool]:
        groups.append(len(requests))
        return [True] * len(requests)

    async def all_of_them() -> None:
        together = Together(work)
        assert all(await asyncio.gather(*(together.answers(n, size) for n in range(many))))

    asyncio.run(all_of_them())
    return groups


def test_one_alone_waits_for_nobody_and_many_are_a_few_groups() -> None:
    assert groups_of(1) == [1]
    assert groups_of(2 * MOST + 1) == [MOST, MOST, 1]


def test_group_of_large_ones_is_small() -> None:
    assert groups_of(5, MOST_BYTES // 2) == [2, 2, 1]


def test_who_comes_while_others_are_at_work_is_of_the_next_group() -> None:
    at_work, go_on, groups = threading.Event(), threading.Event(), []

    def work(requests: Sequence[int]) -> list[bool]:
        groups.append(list(requests))
        at_work.set()
        go_on.wait(10)
        return [True] * len(requests)

    async def come() -> None:
        together = Together(work)
        first = asyncio.create_task(together.answers(0, 1))
        await asyncio.to_thread(at_work.wait, 10)
        others = [asyncio.create_task(together.answers(n, 1)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        others[1].cancel()  # its client hangs up
        go_on.set()
        assert await first and await others[0] and await others[2]

    asyncio.run(come())
    assert groups == [[0], [1, 2, 3]]


def test_work_that_fails_leaves_all_of_its_group_unanswered_and_no_other() -> None:
    def work(requests: Sequence[int]) -> list[bool]:
        if 0 in requests:
            raise RuntimeError
        return [n != 2 for n in requests]

    async def come() -> None:
        together = Together(work)
        assert not await together.answers(0, 1)
        told = await asyncio.gather(*(together.answers(n, 1) for n in (1, 2, 3)))
        assert told == [True, False, True]

    asyncio.run(come())
