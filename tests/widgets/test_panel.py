"""The panel in a real kernel: what its buttons do, also while a cell runs."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.conftest import BURN
from tests.notebook.kernel import EXTENSION, Kernel
from tests.widgets.panel_client import Client, opened

pytestmark = pytest.mark.kernel


@pytest.fixture
def panel(kernel: Kernel) -> Client:
    return opened(kernel, "%oprof panel")


@pytest.fixture
def beside(panel: Client) -> Client:
    """A client whose messages go past the running cell, as JupyterLab's do."""
    panel.open_subshell()
    return panel


@pytest.fixture
def armed(kernel: Kernel) -> Iterator[int]:
    """A kernel that a signal makes record; its process."""
    assert kernel.run("%oprof arm SIGUSR2 wall").status == "ok"
    yield kernel.value("__import__('os').getpid()")
    assert kernel.run("%oprof disarm").status == "ok"


class LongCell:
    """A cell that runs until it is told to end."""

    def __init__(self, kernel: Kernel, end: Path) -> None:
        self._kernel, self._end = kernel, end
        code = f"import pathlib\nwhile not pathlib.Path({str(end)!r}).exists():\n    burn(.02)\n'over'"
        self._cell = kernel.send(code)
        kernel.wait_for(self._cell, "execute_input")

    def finish(self) -> None:
        """Let it end, once."""
        if not self._end.exists():
            self._end.touch()
            assert self._kernel.gather(self._cell).value == "'over'"


@pytest.fixture
def long_cell(kernel: Kernel, tmp_path: Path) -> Iterator[LongCell]:
    cell = LongCell(kernel, tmp_path / "end")
    yield cell
    cell.finish()


def test_what_can_be_chosen_is_there_before_the_kernel_answers(kernel, panel):
    choices = kernel.value(f"__import__('ipywidgets').widgets.widget._instances[{panel.model!r}].choices")
    kinds = {kind["name"]: kind["options"] for kind in choices["kinds"]}
    assert kinds["cpu"]["rate"] == 100.0
    assert kinds["cpu"]["all_threads"] is False
    assert "wall" in kinds
    assert choices["formats"][0] == "speedscope"
    assert panel.ask("hello")["running"] == []


def test_the_same_panel_serves_a_kernel(kernel, panel):
    assert opened(kernel, "%oprof panel").model == panel.model


def test_buttons_work_during_a_running_cell(beside, long_cell, tmp_path):
    assert beside.ask("hello")["direct"]
    started = beside.ask("start", kind="cpu", options={"rate": 200}, name="loop")
    number = started["number"]
    (running,) = started["running"]
    assert (running["name"], running["kind"], running["asked"]) == ("loop", "cpu", 200)
    assert running["label"].startswith("In[")
    live = beside.wait(lambda m: m["type"] == "live" and m["running"] and m["running"][0]["samples"] > 30)
    assert live["running"][0]["elapsed"] > 100
    assert live["running"][0]["cost"] > 0
    stopped = beside.ask("stop", number=number)
    assert stopped["running"] == []
    assert stopped["captures"][0]["number"] == number
    assert "<html" in beside.ask("show", number=number)["page"]
    place = tmp_path / "out.speedscope.json"
    assert beside.ask("preview", number=number, destination=str(place))["place"] == str(place)
    job = beside.job(beside.ask("export", number=number, destination=str(place))["job"]["id"])
    assert (job["phase"], job["place"]) == ("done", str(place))
    # All that while the cell ran on.
    assert place.exists()
    long_cell.finish()


def test_the_recording_is_about_the_cell_not_the_click(kernel, beside, long_cell):
    number = beside.ask("start", kind="cpu", options={}, name="")["number"]
    beside.wait(lambda m: m["type"] == "live" and m["running"] and m["running"][0]["samples"] > 50)
    beside.ask("stop", number=number)
    long_cell.finish()
    found = f"__import__('openprofiling_ipy').session.find('#{number}')"
    assert "burn" in kernel.value(f"list({found}.table().query('total_share > .5').function)")
    home = kernel.value(f"sorted({{lane.name for lane in {found}.document.threads if lane.home}})")
    assert home == ["MainThread"]


def test_without_a_subshell_a_click_waits_for_the_cell(panel, long_cell):
    number = panel.send("hello")
    with pytest.raises(AssertionError, match="not heard"):
        panel.wait(lambda m: m.get("ask") == number, timeout=1)
    long_cell.finish()
    assert panel.wait(lambda m: m.get("ask") == number)["direct"] is False


def test_what_a_cell_records_shows_up_by_itself(kernel, panel):
    panel.ask("hello")
    message = kernel.send("%%oprof wall --name mine\nburn(.2)")
    begun = panel.wait(lambda m: m["type"] == "state" and [r for r in m["running"] if r["name"] == "mine"])
    assert begun["running"][0]["kind"] == "wall"
    ended = panel.wait(lambda m: m["type"] == "state" and [c for c in m["captures"] if c["name"] == "mine"])
    assert ended["captures"][0]["status"] == "done"
    assert kernel.run("1").status == "ok"
    assert message


def test_what_a_signal_records_shows_up_by_itself(armed, beside, long_cell):
    os.kill(armed, signal.SIGUSR2)
    begun = beside.wait(lambda m: m["type"] == "state" and [r for r in m["running"] if r["kind"] == "wall"])
    assert begun["running"][0]["label"].startswith("In[")
    number = begun["running"][0]["number"]
    os.kill(armed, signal.SIGUSR2)
    beside.wait(lambda m: m["type"] == "state" and [c for c in m["captures"] if c["number"] == number])
    long_cell.finish()


def test_wrong_words_are_answered_in_one_line(kernel, panel):
    answer = panel.ask("start", kind="cpu", options={"rate": -3})
    assert answer["error"].startswith("rate: -3 will not do")
    assert "hepa" in panel.ask("start", kind="hepa")["error"]
    assert "no capture" in panel.ask("show", number=4711)["error"]
    number = panel.ask("start", kind="cpu")["number"]
    assert "already running" in panel.ask("start", kind="cpu")["error"]
    panel.ask("stop", number=number)
    assert "endpoint_url" in panel.ask("export", number=number, destination="", connection={"pass": "x"})["error"]
    job = panel.job(panel.ask("export", number=number, destination="/proc/nothing/x.html")["job"]["id"])
    assert job["phase"] == "failed"
    assert panel.ask("forget", number=number)["captures"] == [
        capture for capture in panel.ask("hello")["captures"] if capture["number"] != number
    ]
    assert "no capture" in panel.ask("forget", number=number)["error"]


def test_nothing_typed_is_in_the_state_that_a_notebook_saves(kernel, panel):
    number = panel.ask("start", kind="cpu")["number"]
    panel.ask("stop", number=number)
    words = {"endpoint_url": "http://127.0.0.1:9", "access_key": "AKTYPED", "secret_key": "typed-secret"}
    answer = panel.ask("export", number=number, destination="s3://typed-bucket/x", connection=words)
    told: list[dict[str, Any]] = [answer, panel.job(answer["job"]["id"])]
    assert told[1]["phase"] == "failed"
    saved = kernel.value("__import__('json').dumps(__import__('ipywidgets').Widget.get_manager_state())")
    state = json.loads(saved)["state"]
    assert panel.model in state
    for word in ("AKTYPED", "typed-secret", "typed-bucket"):
        assert word not in saved
    for word in ("AKTYPED", "typed-secret"):
        assert word not in json.dumps(told)


def test_one_capture_as_a_widget(kernel, tmp_path):
    plain = kernel.run("%%oprof cpu --widget --name single\nburn(.2)")
    (data,) = [content["data"] for content in plain.displays]
    assert "text/html" not in data, "a front end that prefers it would show two results"
    assert {"image/png", "text/plain"} < set(data)
    client = Client(kernel, data["application/vnd.jupyter.widget-view+json"]["model_id"])
    answer = client.ask("hello")
    assert "<html" in answer["page"]
    place = tmp_path / "single.html"
    assert client.job(client.ask("export", destination=str(place))["job"]["id"])["phase"] == "done"
    assert place.exists()
    again = opened(
        kernel, "from IPython.display import display\ndisplay(__import__('openprofiling_ipy').captures[-1].view())"
    )
    assert again.ask("hello")["number"] == answer["number"]


def test_a_terminal_is_told_what_to_do_instead(kernel):
    code = "from IPython.core.interactiveshell import InteractiveShell as S\nfrom openprofiling_ipy.notebook.display import Display"
    kernel.run(code)
    answer = kernel.run("Display(type('Terminal', (), {})(), str).panel()")
    assert "needs a notebook" in answer.errors[0]["evalue"]


def test_unloading_closes_it(kernel, panel):
    assert kernel.run("%unload_ext openprofiling_ipy").status == "ok"
    state = kernel.value("list(__import__('ipywidgets').Widget.get_manager_state()['state'])")
    assert panel.model not in state
    kernel.run(EXTENSION)
    kernel.run(BURN)
    assert opened(kernel, "%oprof panel").ask("hello")["running"] == []
