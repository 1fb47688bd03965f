"""A handler that could not be put back, and is wanted again."""

from __future__ import annotations

import signal

from openprofiling_ipy.triggers.handlers import Handler


def test_one_that_was_left_in_place_does_not_chain_to_itself():
    before = signal.getsignal(signal.SIGUSR2)
    calls = []
    handler = Handler(signal.SIGUSR2, lambda: calls.append(1))
    try:
        signal.signal(signal.SIGUSR2, lambda *_: calls.append(2))
        handler.install()
        handler.active = False  # removed on another thread, while the main one was in C code for long
        handler.install()
        signal.raise_signal(signal.SIGUSR2)
        assert calls == [1, 2]
        assert handler.remove()
        signal.raise_signal(signal.SIGUSR2)
        assert calls == [1, 2, 2]
    finally:
        signal.signal(signal.SIGUSR2, before)
