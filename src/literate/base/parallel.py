"""One function over many items, on as many cores as there are."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import chain
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Below this number of items, starting processes costs more than it saves.
_WORTHWHILE = 24
#: What the workers run: they are forks, and find it, and all that it refers to, in their memory.
_function: Callable[[Any], Any] | None = None
_PR_SET_PDEATHSIG = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of the GNU C library; others have none
_SIGNALS = {signal.SIGINT, signal.SIGTERM}
if hasattr(signal, "SIGHUP"):
    _SIGNALS.add(signal.SIGHUP)


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
    fork = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(
        workers, mp_context=fork, initializer=_end_with, initargs=(os.getpid(),)
    )
    try:
        # Signals wait until the workers, which start here, no longer hear what is meant for us.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            portions_done = pool.map(_run, portions)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for results in portions_done:
            yield from results
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()
        _function = None


def _end_with(parent: int) -> None:
    """Let a worker end with its parent, who hears Ctrl-C; any other signal ends it at once."""
    with suppress(OSError, AttributeError):  # Linux only, as all of this is
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # What one page gives back, the next one takes: the system need not be asked each time.
        libc.mallopt(_M_TRIM_THRESHOLD, 2**28)
        libc.mallopt(_M_MMAP_THRESHOLD, 2**25)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _SIGNALS - {signal.SIGINT}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _run(numbers: range) -> list[Any]:
    assert _function is not None
    return list(_function(numbers))
