"""One function over many items, on as many cores as there are."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Below this number of items, starting processes costs more than it saves.
_WORTHWHILE = 24
#: What the workers run: they are forks, and find it, and all that it refers to, in their memory.
_function: Callable[[Any], Any] | None = None


def cores() -> int:
    """The number of cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_on_cores(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterable[_Result]:
    """`function(item)` for each item, in their order. Results are pickled, items are not.

    Forks only where that is safe: on Linux, and while no other thread runs.
    """
    workers = min(cores(), len(items) // _WORTHWHILE)
    if workers < 2 or sys.platform != "linux" or threading.active_count() > 1:
        return map(function, items)
    # The first is done here: what it imports and compiles, the workers then find in memory.
    return chain([function(items[0])], _forked(function, items[1:], workers))


def _forked(
    function: Callable[[_Item], _Result], items: Sequence[_Item], workers: int
) -> Iterator[_Result]:
    global _function
    _function = lambda numbers: [function(items[number]) for number in numbers]  # noqa: E731
    # Small portions, dealt in turn: a worker that drew the long files is not waited for.
    size = max(1, len(items) // (workers * 8))
    portions = [range(i, min(i + size, len(items))) for i in range(0, len(items), size)]
    gc.freeze()  # the workers need not look through what is here: it stays, and stays shared
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"))
    try:
        for results in pool.map(_run, portions):
            yield from results
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()
        _function = None


def _run(numbers: range) -> list[Any]:
    assert _function is not None
    return list(_function(numbers))
