"""The live line below a running cell."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar
from types import SimpleNamespace

import pytest

from openprofiling_ipy.notebook.live import Live
from tests.notebook.kernel import PICTURE

NEVER = 3600.0
RESULT = {"text/plain": "the result"}
EMPTY = {"text/html": "", "text/plain": ""}


class Publisher:
    """A display publisher with a session that counts messages, as ipykernel's has."""

    def __init__(self, *, counts: bool = True) -> None:
        self.sent: list[tuple[str, str, bool]] = []
        self.published = threading.Event()
        if counts:
            self.session = SimpleNamespace(message_count=0)

    def publish(self, data, metadata=None, *, transient=None, update=False):
        self.sent.append((data["text/plain"], (transient or {}).get("display_id", ""), update))
        self.other()
        self.published.set()

    def other(self):
        """Something is sent."""
        if hasattr(self, "session"):
            self.session.message_count += 1


def wait(publisher: Publisher, count: int) -> None:
    deadline = time.monotonic() + 10
    while len(publisher.sent) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def line() -> dict[str, str]:
    return {"text/plain": "line"}


def test_a_short_cell_shows_its_result_only():
    publisher = Publisher()
    live = Live(publisher, line, NEVER, NEVER)
    live.end()
    live.finish(RESULT)
    assert publisher.sent == [("the result", "", False)]


def test_the_result_takes_the_place_of_the_line():
    publisher = Publisher()
    live = Live(publisher, line, 0.001, 0.001)
    wait(publisher, 3)
    live.end()
    count = len(publisher.sent)
    live.finish(RESULT)
    name = publisher.sent[0][1]
    assert name
    assert publisher.sent[:3] == [("line", name, False), ("line", name, True), ("line", name, True)]
    assert publisher.sent[count:] == [("the result", name, True)]


@pytest.mark.parametrize("counts", [True, False])
def test_the_result_stands_below_what_came_after_the_line(counts):
    publisher = Publisher(counts=counts)
    live = Live(publisher, line, 0.001, NEVER)
    wait(publisher, 1)
    publisher.other()
    live.end()
    live.finish(RESULT)
    name = publisher.sent[0][1]
    assert publisher.sent == [("line", name, False), ("", name, True), ("the result", "", False)]


def test_something_between_two_refreshes_counts_too():
    publisher = Publisher()
    draws = iter([line(), None, line()])
    between = threading.Event()

    def draw():
        found = next(draws, None)
        if found is None:
            between.set()
        return found

    live = Live(publisher, draw, 0.001, 0.05)
    assert between.wait(10)
    publisher.other()
    wait(publisher, 2)
    live.end()
    live.finish(RESULT)
    assert [text for text, _, _ in publisher.sent][-2:] == ["", "the result"]


def test_something_while_the_line_is_being_sent_counts_too():
    publisher = Publisher()
    send = publisher.publish

    def publish(*arguments, **keywords):
        send(*arguments, **keywords)
        if len(publisher.sent) == 2:
            publisher.other()

    publisher.publish = publish
    live = Live(publisher, line, 0.001, 0.001)
    wait(publisher, 4)
    live.end()
    live.finish(RESULT)
    assert [text for text, _, _ in publisher.sent][-2:] == ["", "the result"]


def test_a_value_that_was_being_formatted_when_the_line_came():
    """Counted before the line, sent behind it."""
    publisher = Publisher()
    publisher.other()
    live = Live(publisher, line, 0.001, NEVER)
    wait(publisher, 1)
    live.end()
    live.finish(RESULT, followed=True)
    assert [text for text, _, _ in publisher.sent] == ["line", "", "the result"]


def test_a_line_that_cannot_be_drawn_stays_away():
    publisher = Publisher()
    asked = threading.Event()

    def draw():
        asked.set()
        raise RuntimeError

    live = Live(publisher, draw, 0.001, 0.001)
    assert asked.wait(10)
    live.end()
    live.finish(RESULT)
    assert publisher.sent == [("the result", "", False)]


def test_it_answers_to_the_request_that_began_it():
    """ipykernel keeps the request in a context variable, which threads do not inherit."""
    parent: ContextVar[str] = ContextVar("parent", default="another")
    seen = []
    publisher = Publisher()
    publisher.publish = lambda *_args, **_kwargs: (seen.append(parent.get()), publisher.sent.append(("", "", False)))
    token = parent.set("mine")
    live = Live(publisher, line, 0.001, NEVER)
    parent.reset(token)
    wait(publisher, 1)
    live.end()
    assert seen == ["mine"]


#: However busy the machine is: a cell that goes on until its live output has been drawn so many times.
_SOON = """
import asyncio
from openprofiling_ipy.notebook import live
live.AFTER, live.EVERY = .3, .1
drawn = []
refresh = live.Live._refresh
def noted(self, bundle):
    refresh(self, bundle)
    drawn.append(self)
live.Live._refresh = noted
def until_drawn(times):
    times += len(drawn)
    while len(drawn) < times:
        burn(.01)
async def wait_until_drawn(times):
    times += len(drawn)
    while len(drawn) < times:
        await asyncio.sleep(.01)
"""


@pytest.fixture(scope="module")
def soon(kernel):
    """A kernel whose cells need not run for ten seconds."""
    assert kernel.run(_SOON).status == "ok"
    return kernel


@pytest.mark.kernel
def test_a_running_cell_shows_a_line(soon):
    answer = soon.run("%%oprof cpu\nuntil_drawn(3)")
    assert answer.status == "ok"
    assert len(answer.displays) == 1
    first = answer.displays[0]
    assert PICTURE not in first["data"]["text/html"]
    assert "cpu recording · 0:0" in first["data"]["text/plain"]
    assert "samples" in first["data"]["text/plain"]
    assert len(answer.updates) >= 3
    names = {m["transient"]["display_id"] for m in [first, *answer.updates]}
    assert len(names) == 1
    assert PICTURE in answer.updates[-1]["data"]["text/html"]
    assert all(PICTURE not in m["data"]["text/html"] for m in answer.updates[:-1])


@pytest.mark.kernel
def test_output_behind_the_line_stays_above_the_result(soon):
    answer = soon.run("%%oprof cpu\nuntil_drawn(1)\nprint('behind')\nuntil_drawn(1)")
    kinds = [m["msg_type"] for m in answer.messages if m["msg_type"] not in ("status", "execute_input")]
    assert kinds[0] == "display_data"
    assert kinds[-1] == "display_data"
    assert len(answer.pictures) == 1
    assert answer.updates[-1]["data"] == EMPTY


@pytest.mark.kernel
def test_a_value_stands_above_the_result(soon):
    """The line comes late, when the call that holds the interpreter ends: just when the value is formatted."""
    answer = soon.run("%%oprof cpu\nclass Slow:\n    def __repr__(self): burn(1.5); return 'slow'\nSlow()")
    kinds = [m["msg_type"] for m in answer.messages if m["msg_type"] not in ("status", "execute_input")]
    assert kinds[0] == "display_data"
    assert kinds.index("execute_result") < len(kinds) - 1 - kinds[::-1].index("display_data")
    assert len(answer.pictures) == 1


@pytest.mark.kernel
def test_a_short_cell_shows_none(soon):
    soon.run("live.AFTER = 60")
    answer = soon.run("%%oprof cpu\nburn(.5)")
    soon.run("live.AFTER = .3")
    assert len(answer.displays) == 1
    assert answer.updates == []


@pytest.mark.kernel
def test_a_waiting_cell_and_one_that_fails(soon):
    answer = soon.run("%%oprof wall\nawait wait_until_drawn(1)\n1/0")
    assert answer.status == "error"
    assert "wall recording" in answer.displays[0]["data"]["text/plain"]
    assert PICTURE in answer.displays[-1]["data"]["text/html"]


@pytest.mark.kernel
def test_every_refreshes_the_picture(soon):
    answer = soon.run("%%oprof cpu --every 300ms\nuntil_drawn(2)")
    assert answer.status == "ok"
    assert PICTURE in answer.displays[0]["data"]["text/html"]
    assert "still running" in answer.displays[0]["data"]["text/plain"]
    assert "still running" not in answer.updates[-1]["data"]["text/plain"]
    assert len(answer.displays) == 1
    assert len(answer.updates) >= 2


@pytest.mark.kernel
def test_no_line_into_captured_output(soon):
    answer = soon.run("%%capture got\n%%oprof cpu\nburn(.8)")
    assert len(answer.pictures) == 1
    assert len(answer.displays) == 1
    assert soon.value("len(got.outputs)") == 1  # the cell's own value


@pytest.mark.kernel
def test_the_thread_is_not_the_users(soon):
    answer = soon.run("%%oprof wall\nuntil_drawn(1)")
    picture = answer.updates[-1]["data"]["text/plain"]
    assert "openprofiling-live" not in picture
    assert "threads" not in picture.splitlines()[0]
