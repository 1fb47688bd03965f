"""Faithful execution in a real Jupyter kernel: every promise about a profiled cell, by the messages it sends."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.notebook.conftest import BURN
from tests.notebook.kernel import EXTENSION, PICTURE, Answer, Kernel

pytestmark = pytest.mark.kernel


def captures(kernel: Kernel) -> int:
    return kernel.value("len(__import__('openprofiling_ipy').captures)")


def running(kernel: Kernel) -> int:
    return kernel.value("len(__import__('openprofiling_ipy').session.running())")


def newest(kernel: Kernel, what: str) -> object:
    return kernel.value(f"__import__('openprofiling_ipy').captures[-1].{what}")


def kinds(answer: Answer) -> list[str]:
    return [m["msg_type"] for m in answer.messages if m["msg_type"] not in ("status", "execute_input")]


def test_value_output_and_picture_in_order(kernel):
    answer = kernel.run("%%oprof cpu\nprint('first')\nx = burn(.1)\nx + 1")
    assert answer.status == "ok"
    assert kinds(answer) == ["stream", "execute_result", "display_data"]
    assert answer.value == "1.1"
    assert kernel.value("_") == 1.1
    assert "CPU In[" in answer.table
    bundle = answer.pictures[0]
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert bundle["image/png"].startswith("iVBOR")
    assert "<iframe" in bundle["text/html"]
    assert len(bundle["text/html"]) < 300_000


def test_below_comments_and_blank_lines(kernel):
    answer = kernel.run("\n# why\n\n%%oprof cpu\nburn(.05)")
    assert answer.status == "ok"
    assert answer.value == "0.05"
    assert len(answer.pictures) == 1


def test_nothing_leaks_into_the_namespace(kernel):
    kernel.run("before = set(globals())")
    kernel.run("%%oprof cpu\nmine = 1\n2")
    left = set(kernel.value("sorted(n for n in set(globals()) - before if not n.startswith('_'))"))
    assert left == {"before", "mine"}
    under = kernel.value("sorted(n for n in set(globals()) - before if n.startswith('_'))")
    assert all(name.lstrip("_i").isdigit() or not name.strip("_i") for name in under)


def test_an_exception(kernel):
    count = captures(kernel)
    answer = kernel.run("%%oprof cpu\n\ndef f():\n    burn(.05)\n    return 1 / 0\n\nf()")
    assert answer.status == "error"
    assert answer.reply["ename"] == "ZeroDivisionError"
    assert kinds(answer) == ["error", "display_data"]
    trace = "\n".join(answer.errors[0]["traceback"])
    assert "line 7" in trace
    assert "line 5, in f()" in trace
    assert "openprofiling" not in trace
    assert "# %%oprof cpu" in trace or "run_cell_magic" not in trace
    assert "failed: ZeroDivisionError: division by zero" in answer.table
    assert captures(kernel) == count + 1
    assert newest(kernel, "status") == "failed"


def test_run_all_stops_at_an_error(kernel):
    # What is asked for behind the error runs, in any notebook.
    first = kernel.send("%%oprof cpu\nimport time; time.sleep(1)\n1/0")
    second = kernel.send("after = True")
    assert kernel.gather(first).status == "error"
    assert kernel.gather(second).status == "aborted"
    assert kernel.run("after").reply["ename"] == "NameError"


def interrupt_when(kernel: Kernel, message_id: str, said: str) -> None:
    while said not in kernel.wait_for(message_id, "stream")["content"]["text"]:
        pass
    # An interrupt of a sleeping loop is heard when the loop next wakes, whoever runs the cell: ipykernel has it so.
    time.sleep(0.3)
    os.kill(kernel.manager.provisioner.process.pid, signal.SIGINT)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("burn(30)", "KeyboardInterrupt"),
        ("import time; time.sleep(30)", "KeyboardInterrupt"),
        ("import asyncio; await asyncio.sleep(3)", "CancelledError"),
    ],
)
def test_an_interrupt(kernel, body, name):
    sent = kernel.send(f"%%oprof wall\nprint('on', flush=True)\n{body}")
    interrupt_when(kernel, sent, "on")
    answer = kernel.gather(sent)
    assert answer.status == "error"
    assert answer.reply["ename"] == name
    assert "interrupted" in answer.table
    assert newest(kernel, "status") == "interrupted"
    assert running(kernel) == 0


def test_await_runs_on_the_kernels_own_loop_and_thread(kernel):
    kernel.run("import asyncio, threading\nmine = asyncio.get_running_loop() if False else None")
    answer = kernel.run(
        "%%oprof cpu\n"
        "import asyncio, threading\n"
        "loop = asyncio.get_running_loop()\n"
        "async def numbers():\n"
        "    for i in range(3):\n"
        "        await asyncio.sleep(.01)\n"
        "        yield i\n"
        "got = await asyncio.gather(asyncio.sleep(.01, 'a'), asyncio.sleep(.01, 'b'))\n"
        "found = [i async for i in numbers()]\n"
        "(got, found, threading.current_thread() is threading.main_thread(), loop is get_ipython().kernel.io_loop.asyncio_loop)"
    )
    assert answer.status == "ok"
    assert answer.value == "(['a', 'b'], [0, 1, 2], True, True)"
    assert len(answer.pictures) == 1
    task = kernel.run("t = asyncio.ensure_future(asyncio.sleep(.01, 'left'))\n")
    assert task.status == "ok"
    assert kernel.run("%%oprof cpu\nawait t").value == "'left'"


def test_what_is_awaited_shows(kernel):
    answer = kernel.run(
        "%%oprof wall\nimport asyncio\nasync def fetch():\n    await asyncio.sleep(.4)\n"
        "await asyncio.gather(*[fetch() for _ in range(50)])\nNone"
    )
    assert "fetch" in answer.table
    assert "select" not in answer.table


def test_a_syntax_error(kernel):
    count = captures(kernel)
    answer = kernel.run("%%oprof cpu\nif True\n    x")
    assert answer.status == "error"
    assert answer.reply["ename"] == "SyntaxError"
    assert kinds(answer) == ["error"]
    assert captures(kernel) == count
    assert running(kernel) == 0


def test_inner_magics_and_commands(kernel):
    answer = kernel.run("%%oprof cpu\n%time burn(.05)\n!echo shell\nwords = !echo one\nwords")
    assert answer.status == "ok"
    assert "Wall time" in answer.stream()
    assert "shell" in answer.stream()
    assert answer.value == "['one']"
    assert len(answer.pictures) == 1


@pytest.mark.parametrize("order", ["%%time\n%%oprof cpu\n", "%%oprof cpu\n%%time\n"])
def test_time_around_it_and_inside(kernel, order):
    answer = kernel.run(f"{order}x = burn(.3)\nx + 1")
    assert answer.status == "ok"
    assert answer.value == "1.3"
    assert "Wall time" in answer.stream()
    assert "burn" in answer.table


@pytest.mark.parametrize("order", ["%%capture got\n%%oprof cpu\n", "%%oprof cpu\n%%capture got\n"])
def test_capture_around_it_and_inside(kernel, order):
    answer = kernel.run(f"{order}print('inside')\nburn(.3)")
    assert answer.status == "ok"
    assert kinds(answer) == ["display_data"]
    assert "burn" in answer.table
    assert kernel.value("got.stdout") == "inside\n"
    assert kernel.value("any('oprof' in str(o.data) for o in got.outputs)") is False


def test_bash_below_it(kernel):
    answer = kernel.run("%%oprof wall\n%%bash\necho from bash; sleep .1")
    assert answer.stream() == "from bash\n"
    assert len(answer.pictures) == 1


@pytest.mark.parametrize("second", ["%%oprof wall\n", "x = 1\n%%oprof wall\n"])
def test_a_second_line(kernel, second):
    count = captures(kernel)
    answer = kernel.run(f"%%oprof cpu\n{second}never = True")
    assert answer.status == "error"
    assert answer.stderr.count("\n") == 1
    assert "one %%oprof a cell" in answer.stderr
    assert kinds(answer) == ["stream"]
    assert captures(kernel) == count
    assert kernel.run("never").status == "error"


def test_a_nested_cell(kernel):
    answer = kernel.run("%%oprof cpu\nget_ipython().run_cell('%%oprof cpu\\ninner = 5')\nburn(.05)\ninner")
    assert answer.status == "ok"
    assert answer.value == "5"
    assert answer.stderr.count("\n") == 1
    assert "a cpu recording is running" in answer.stderr
    assert len(answer.pictures) == 1


@pytest.mark.parametrize("waits", ["", "import asyncio; await asyncio.sleep(.01)\n"])
def test_nested_and_silent_runs_do_not_end_it(kernel, waits):
    answer = kernel.run(
        f"%%oprof cpu\n{waits}ip = get_ipython()\nip.run_cell('1;')\nip.run_cell('')\nip.run_cell('2', silent=True)\n"
        f"from openprofiling_ipy import session\nleft = len(session.running())\nburn(.05)\n{waits}left"
    )
    assert answer.value == "1"
    assert len(answer.pictures) == 1
    assert running(kernel) == 0


def test_a_silent_run(kernel):
    count = captures(kernel)
    answer = kernel.run("%%oprof cpu\nsilently = 3", silent=True, store_history=False)
    assert answer.status == "ok"
    assert kinds(answer) == []
    assert kernel.value("silently") == 3
    assert captures(kernel) == count


def test_without_history(kernel):
    answer = kernel.run("%%oprof cpu\nburn(.05);", store_history=False)
    assert answer.status == "ok"
    assert len(answer.pictures) == 1


def test_wrong_words(kernel):
    answer = kernel.run("%%oprof cpuu --rate 5\nnever = True")
    assert answer.status == "error"
    assert answer.reply["ename"] == "UsageError"
    assert kinds(answer) == ["stream"]
    assert answer.stderr == "UsageError: unknown kind 'cpuu': did you mean 'cpu'? One of: cpu, wall\n"
    assert kernel.run("never").status == "error"


def test_a_trailing_semicolon(kernel):
    answer = kernel.run("%%oprof cpu\nburn(.05);")
    assert answer.value is None
    assert len(answer.pictures) == 1


def test_check_complete_starts_nothing(kernel):
    for code, status in [("%%oprof cpu\nx = 1", "incomplete"), ("%%oprof cpu\nx = 1\n\n", "complete")]:
        kernel.client.is_complete(code)
        assert kernel.client.get_shell_msg(timeout=10)["content"]["status"] == status
    assert running(kernel) == 0


@pytest.mark.parametrize("waits", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
@pytest.mark.parametrize("options", ["", " --for 200ms"])
def test_future_imports(kernel, options, waits):
    answer = kernel.run(
        f"%%oprof cpu{options}\nfrom __future__ import annotations\n{waits}def f(x: Unknown): return x\nf(3)"
    )
    assert answer.status == "ok"
    assert answer.value == "3"
    assert len(answer.pictures) == 1


# --for


def test_repeats_are_silent_and_the_last_run_is_the_natural_one(kernel):
    answer = kernel.run("%%oprof cpu --for 500ms\ntimes = globals().get('times', 0) + 1\nprint('run')\nburn(.01)")
    assert answer.status == "ok"
    assert answer.stream() == "run\n"
    assert answer.value == "0.01"
    times = kernel.value("times")
    assert 5 <= times <= 51
    assert f"{times} runs of " in answer.table
    assert "burn(.01)" in answer.table
    assert "--for" not in answer.table, "a repeat shows as the natural run does, not below its line"


def test_repeats_of_a_cell_that_awaits(kernel):
    answer = kernel.run(
        "%%oprof wall --for 300ms\nimport asyncio\nrounds = globals().get('rounds', 0) + 1\n"
        "await asyncio.sleep(.01)\n[i async for i in agen()] if False else rounds"
    )
    assert answer.status == "ok", answer.errors
    assert int(answer.value) == kernel.value("rounds")
    assert f"{answer.value} runs of " in answer.table


def test_an_exception_in_a_repeat_ends_it(kernel):
    answer = kernel.run("%%oprof cpu --for 5s\nseen = globals().get('seen', 0) + 1\nif seen == 3: 1/0\nburn(.01)")
    assert answer.status == "error"
    assert answer.reply["ename"] == "ZeroDivisionError"
    assert kernel.value("seen") == 3
    trace = "\n".join(answer.errors[0]["traceback"])
    assert "line 3" in trace
    assert "repeat.py" not in trace
    assert "3 runs" in answer.table or "failed" in answer.table


# Identity and labels


def test_identical_and_edited_cells(kernel):
    code = "%%oprof cpu\ndef same():\n    return burn(.3)\nsame();"
    one = kernel.run(code, cell_id="id-1")
    two = kernel.run(code, cell_id="id-2")
    again = kernel.run(code, cell_id="id-1")
    labels = [f"In[{a.reply['execution_count']}]" for a in (one, two, again)]
    for answer, label in zip((one, two, again), labels, strict=True):
        assert f"same · {label}:2" in answer.table
    cells = kernel.value("[c.document.attributes['cell'] for c in list(__import__('openprofiling_ipy').captures)[-3:]]")
    assert cells == ["id-1", "id-2", "id-1"]


def test_a_function_of_an_edited_cell_shows_its_own_source(kernel):
    old = kernel.run("def old():\n    return burn(.3)", cell_id="edited")
    kernel.run("keep = old")
    kernel.run("# something else now", cell_id="edited")
    answer = kernel.run("%%oprof cpu\nkeep();")
    label = f"In[{old.reply['execution_count']}]"
    assert f"old · {label}:1" in answer.table
    source = newest(kernel, f"document.sources['{label}']")
    assert source == "def old():\n    return burn(.3)\n"


# Loading and unloading


@pytest.fixture
def fresh():
    kernel = Kernel("--InteractiveShell.colors=nocolor", "--log-level=ERROR")
    yield kernel
    kernel.close()


STATE = """
def _state():
    ip = get_ipython()
    return (
        [getattr(t, '__qualname__', type(t).__name__) for t in ip.input_transformers_cleanup],
        {event: len(found) for event, found in ip.events.callbacks.items()},
        'oprof' in ip.magics_manager.magics['line'], 'oprof' in ip.magics_manager.magics['cell'],
        'OprofMagics' in ip.magics_manager.registry,
        len(ip.Completer.custom_matchers),
        len(ip.ast_transformers),
        'showtraceback' in vars(ip),
    )
"""


def test_loading_twice_reloading_and_unloading(fresh):
    fresh.run(STATE)
    fresh.run(BURN)
    before = fresh.value("_state()")
    assert fresh.run(EXTENSION).status == "ok"
    loaded = fresh.value("_state()")
    assert loaded != before
    fresh.run(EXTENSION)
    fresh.run("import openprofiling_ipy as op; op.load_ipython_extension(get_ipython())")
    assert fresh.value("_state()") == loaded
    assert len(fresh.run("%%oprof cpu\nburn(.05)").pictures) == 1
    assert fresh.run("%reload_ext openprofiling_ipy").status == "ok"
    assert fresh.value("_state()") == loaded
    assert len(fresh.run("%%oprof cpu\nburn(.05)").pictures) == 1
    assert fresh.value("len(op.captures)") == 2
    assert fresh.run("%unload_ext openprofiling_ipy").status == "ok"
    assert fresh.value("_state()") == before
    answer = fresh.run("%%oprof cpu\n1")
    assert answer.status == "error"
    assert "not found" in answer.stderr
    assert fresh.run(EXTENSION).status == "ok"
    assert len(fresh.run("%%oprof cpu\nburn(.05)").pictures) == 1


def test_unloading_within_a_profiled_cell(fresh):
    fresh.run(EXTENSION)
    fresh.run(BURN)
    answer = fresh.run("%%oprof cpu\nburn(.1)\n%unload_ext openprofiling_ipy\nprint('behind')")
    assert answer.status == "ok"
    assert len(answer.pictures) == 1
    assert fresh.value("len(__import__('openprofiling_ipy').session.running())") == 0


def test_loading_within_the_cell_that_profiles(fresh):
    """The line stands above the loading: it is not ours yet, so IPython answers."""
    answer = fresh.run(f"%%oprof cpu\n{EXTENSION}")
    assert answer.status == "error"
    assert fresh.run(f"{EXTENSION}\n%oprof cpu 1 + 1").value == "2"


def test_heavy_packages_stay_away(fresh):
    fresh.run(EXTENSION)
    heavy = (
        "sorted({'numpy', 'pandas', 'matplotlib', 'PIL', 'ipywidgets', 'anywidget'} & __import__('sys').modules.keys())"
    )
    assert fresh.value(heavy) == []
    fresh.run("%%oprof cpu\nsum(range(10**6))")
    assert fresh.value(heavy) == ["PIL", "numpy"]


# Subshells


def test_a_subshell_profiles_beside_a_busy_main_shell(fresh):
    fresh.run(EXTENSION)
    fresh.run(BURN)
    session = fresh.client.session
    message = session.msg("create_subshell_request")
    fresh.client.control_channel.send(message)
    reply = fresh.client.get_control_msg(timeout=10)
    subshell = reply["content"]["subshell_id"]

    main = fresh.send("%%oprof cpu\nprint('busy', flush=True)\nburn(3)")
    assert "busy" in fresh.wait_for(main, "stream")["content"]["text"]
    content = {
        "code": "%%oprof wall\nimport threading, time\ntime.sleep(.5)\nprint(threading.current_thread().name)",
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    message = session.msg("execute_request", content)
    message["header"]["subshell_id"] = subshell
    fresh.client.shell_channel.send(message)
    ids = {main, message["header"]["msg_id"]}
    pictures, idle = {}, set()
    deadline = time.monotonic() + 30
    while idle != ids and time.monotonic() < deadline:
        got = fresh.client.get_iopub_msg(timeout=10)
        parent = got["parent_header"].get("msg_id")
        if got["msg_type"] == "display_data" and PICTURE in got["content"]["data"].get("text/html", ""):
            pictures.setdefault(parent, []).append(got["content"]["data"]["text/plain"])
        if got["msg_type"] == "status" and got["content"]["execution_state"] == "idle" and parent in ids:
            idle.add(parent)
    assert {key: len(found) for key, found in pictures.items()} == dict.fromkeys(ids, 1)
    assert "CPU In[" in pictures[main][0]
    wall = pictures[message["header"]["msg_id"]][0]
    assert "Wall In[" in wall
    assert "burn" not in wall
