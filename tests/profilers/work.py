"""Workloads whose CPU time is known, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def burn(seconds: float) -> int:
    """Use this much CPU time of the calling thread, in Python."""
    end = time.thread_time() + seconds
    rounds = 0
    while time.thread_time() < end:
        for _ in range(500):
            rounds += 1
    return rounds


def cost(function: Callable[..., Any], *args: Any) -> int:
    """Call a function and return the CPU time (ns) that the thread used for it."""
    begin = time.thread_time_ns()
    function(*args)
    return time.thread_time_ns() - begin


def until(condition: Callable[[], Any], seconds: float = 20) -> bool:
    """Wait until something holds; tell whether it came to that."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
