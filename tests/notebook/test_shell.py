"""Faithful execution in a real InteractiveShell: with `%%oprof`, a cell does what it does without."""

from __future__ import annotations

import ast
import inspect
import linecache
import time

import IPython
import pytest
from IPython.utils.capture import capture_output

import openprofiling_ipy as op
from openprofiling_ipy import session, stamps


def test_the_last_expression_shows_and_is_kept(shell):
    result = shell.run("%%oprof cpu\nx = burn(.05)\nx + 1")
    assert result.result == 1.05
    assert shell.ip.user_ns["_"] == 1.05
    assert shell.ip.user_ns["Out"][3] == 1.05
    assert "Out[3]: 1.05" in result.out
    assert "CPU In[3]" in result.out
    assert result.out.index("Out[3]") < result.out.index("CPU In[3]")
    assert result.err == ""
    assert len(op.captures) == 1


@pytest.mark.parametrize("above", ["", "# why\n", "\n\n", "# a\n\n# b\n"])
def test_below_comments_and_blank_lines(shell, above):
    result = shell.run(f"{above}%%oprof cpu\n1 + 1")
    assert result.result == 2
    assert [c.label for c in op.captures] == ["In[3]"]


def test_nothing_leaks_into_the_namespace(shell):
    before = set(shell.ip.user_ns)
    shell.run("%%oprof cpu\na = 1")
    assert set(shell.ip.user_ns) - before == {"a", "_i3"}
    shell.run("%%oprof cpu --for 50ms\nb = 1")
    assert set(shell.ip.user_ns) - before == {"a", "b", "_i3", "_i4"}
    assert shell.ip.user_ns["_i4"] == "%%oprof cpu --for 50ms\nb = 1"


def test_display_of_a_trailing_semicolon(shell):
    result = shell.run("%%oprof cpu\n1 + 1;")
    assert "Out[" not in result.out
    assert result.result is shell.run("1 + 1;").result


def test_an_exception_keeps_its_traceback_and_lines(shell):
    plain = shell.run("x = 1\n\ndef f():\n    return 1 / 0\n\nf()")
    profiled = shell.run("%%oprof\n\ndef f():\n    return 1 / 0\n\nf()")
    assert type(profiled.error_in_exec) is ZeroDivisionError

    def frames(result):
        return [(line, kind.f_code.co_name) for kind, line in walk(result.error_in_exec.__traceback__)]

    assert frames(profiled) == frames(plain)
    assert "openprofiling" not in profiled.out
    assert "run_cell_magic" not in profiled.out
    assert "----> 6 f()" in profiled.out
    assert op.captures[-1].status == "failed"
    assert "failed: ZeroDivisionError: division by zero" in profiled.out
    assert shell.ip.user_ns["f"]


def walk(trace):
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def test_a_traceback_shows_the_line_as_it_was_typed(shell):
    result = shell.run("%%oprof cpu --name job\n1 / 0")
    assert "1 # %%oprof cpu --name job\n----> 2 1 / 0" in result.out


@pytest.mark.parametrize("waits", ["", "import asyncio; await asyncio.sleep(0)\n"])
def test_printing_a_traceback_is_not_the_cells_time(shell, monkeypatch, waits):
    """The first one of a session loads a good deal, and one of a deep recursion takes many seconds."""
    printed = shell.ip.InteractiveTB.structured_traceback

    def slow(*arguments, **keywords):
        time.sleep(2)
        return printed(*arguments, **keywords)

    monkeypatch.setattr(shell.ip.InteractiveTB, "structured_traceback", slow)
    result = shell.run(f"%%oprof wall\n{waits}1 / 0")
    assert "ZeroDivisionError" in result.out
    assert op.captures[-1].document.duration < 2e9
    assert op.captures[-1].status == "failed"


def test_what_others_do_at_the_end_is_not_the_cells_time(shell):
    """As matplotlib does, which draws its figures there."""
    shell.ip.events.register("post_execute", slow := lambda: time.sleep(1))
    shell.run("%%oprof wall\n1")
    shell.ip.events.unregister("post_execute", slow)
    assert op.captures[-1].document.duration < 1e9


def test_a_traceback_in_the_middle_does_not_end_the_recording(shell):
    """A value that cannot show itself, or the user's own call."""
    shell.run(
        "%%oprof cpu\nclass Odd:\n    def _repr_html_(self): raise ValueError\n"
        "display(Odd())\ntry: 1/0\nexcept Exception: get_ipython().showtraceback()\n"
        "get_ipython().run_cell('1/0')\n"
        "from openprofiling_ipy import session\nleft = len(session.running())"
    )
    assert shell.ip.user_ns["left"] == 1
    assert op.captures[-1].status == "done"


def test_source_can_be_read_back(shell):
    """Tracebacks mark the failing expression only where the whole cell is Python."""
    shell.run("%%oprof cpu\nx = 1\n\ndef f():\n    return 1")
    function = shell.ip.user_ns["f"]
    assert inspect.getsource(function) == "def f():\n    return 1\n"
    assert ast.unparse(ast.parse("".join(linecache.getlines(inspect.getfile(function))))).startswith("x = 1\n")


def test_an_interrupt_still_shows_the_profile(shell):
    result = shell.run("%%oprof cpu\nburn(.05)\nraise KeyboardInterrupt")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert op.captures[-1].status == "interrupted"
    assert "interrupted" in result.out


def test_await_gather_and_async_comprehensions(shell):
    result = shell.run(
        "%%oprof wall\n"
        "import asyncio\n"
        "async def numbers():\n"
        "    for i in range(3):\n"
        "        await asyncio.sleep(.01)\n"
        "        yield i\n"
        "got = await asyncio.gather(asyncio.sleep(.01, 1), asyncio.sleep(.01, 2))\n"
        "got + [i async for i in numbers()]"
    )
    assert result.result == [1, 2, 0, 1, 2]
    assert op.captures[-1].status == "done"
    assert session.running() == ()


def test_a_syntax_error_is_one_syntax_error_and_starts_nothing(shell):
    result = shell.run("%%oprof cpu\nif True\n    x")
    assert isinstance(result.error_before_exec, SyntaxError)
    assert result.out.count("SyntaxError") == 1
    assert "line 2" in result.out
    assert len(op.captures) == 0
    assert session.running() == ()


def test_an_error_that_only_the_compiler_sees(shell):
    result = shell.run("%%oprof cpu\nreturn 1")
    assert isinstance(result.error_before_exec, SyntaxError)
    assert session.running() == ()


def test_inner_magics_and_commands(shell):
    result = shell.run("%%oprof cpu\n%time burn(.01)\nwords = !echo one two\n!true\nwords")
    assert result.result == ["one two"]
    assert "Wall time" in result.out
    assert result.success


@pytest.mark.parametrize("order", ["%%time\n%%oprof cpu\n", "%%oprof cpu\n%%time\n", "%%oprof cpu\n\n# c\n%%time\n"])
def test_above_and_below_time(shell, order):
    result = shell.run(f"{order}x = burn(.1)\nx + 1")
    assert result.result == 1.1
    assert "Wall time" in result.out
    assert result.out.count("CPU In[3") == 1
    assert result.success


@pytest.mark.parametrize("order", ["%%capture got\n%%oprof cpu\n", "%%oprof cpu\n%%capture got\n"])
def test_above_and_below_capture(shell, order):
    """What the cell prints is captured; the profile is not."""
    result = shell.run(f"{order}print('inside')\nburn(.05)")
    assert "inside" not in result.out
    assert shell.ip.user_ns["got"].stdout.startswith("inside\n")
    assert "CPU In[" not in shell.ip.user_ns["got"].stdout
    assert shell.ip.user_ns["got"].outputs == [] or all(
        "oprof" not in str(output.data) for output in shell.ip.user_ns["got"].outputs
    )
    assert result.out.count("CPU In[3") == 1
    assert session.find("In[3]") is op.captures[-1]


def test_above_bash(shell):
    result = shell.run("%%oprof wall\n%%bash\necho from bash")
    assert "from bash" in result.out
    assert "Wall In[3]" in result.out


@pytest.mark.parametrize("second", ["%%oprof wall\n", "x = 1\n%%oprof wall\n", "%%time\n%%oprof wall\n"])
def test_a_second_line_is_one_clear_error(shell, second):
    result = shell.run(f"%%oprof cpu\n{second}done = True")
    # Before 9, IPython's `%time` showed errors but let the cell succeed.
    assert not result.success or (IPython.version_info[0] < 9 and "%%time" in second)
    assert result.err.strip().count("\n") == 0
    assert "one %%oprof a cell" in result.err
    assert "done" not in shell.ip.user_ns
    assert "Traceback" not in result.out
    assert session.running() == ()


def test_a_nested_cell_is_part_of_the_one_around_it(shell):
    result = shell.run("%%oprof cpu\nget_ipython().run_cell('%%oprof cpu\\ninner = burn(.05)')\nburn(.05)")
    assert shell.ip.user_ns["inner"] == 0.05
    number = op.captures[-1].number
    assert result.err == f"oprof: a cpu recording is running (#{number} In[3]): this runs as a part of it\n"
    assert len(op.captures) == 1


def test_a_nested_cell_does_not_end_the_recording(shell):
    shell.run(
        "%%oprof cpu\nip = get_ipython()\nip.run_cell('1')\nip.run_cell('', store_history=False)\n"
        "ip.run_cell('2', silent=True)\nfrom openprofiling_ipy import session\nstill = len(session.running())\nburn(.05)"
    )
    assert shell.ip.user_ns["still"] == 1
    assert op.captures[-1].status == "done"
    assert op.captures[-1].label == "In[3]"


def test_a_nested_profiled_cell_ends_with_itself(shell):
    result = shell.run(
        "get_ipython().run_cell('%%oprof cpu\\nburn(.05)')\n"
        "from openprofiling_ipy import session\nleft = session.running()\nprint('behind')"
    )
    assert shell.ip.user_ns["left"] == ()
    assert op.captures[-1].label == "In[3.2]"
    assert result.out.index("CPU In[3.2]") < result.out.index("behind")


def test_a_nested_cell_that_fails(shell):
    shell.run("%%oprof cpu\nget_ipython().run_cell('1/0')\nburn(.01)")
    assert op.captures[-1].status == "done"


def test_a_silent_run_is_not_profiled(shell):
    result = shell.run("%%oprof cpu\nquiet = 1", silent=True)
    assert result.success
    assert result.out == result.err == ""
    assert shell.ip.user_ns["quiet"] == 1
    assert len(op.captures) == 0
    assert session.running() == ()
    assert shell.run("%%oprof cpu --for 1s\nquiet = await __import__('asyncio').sleep(0, 5)", silent=True).success
    assert shell.ip.user_ns["quiet"] == 5


def test_a_silent_run_inside_a_profiled_cell(shell):
    shell.run("%%oprof cpu\nget_ipython().run_cell('%%oprof wall\\n1', silent=True)\nburn(.01)")
    assert [c.kind for c in op.captures] == ["cpu"]


def test_without_history(shell):
    result = shell.run("%%oprof cpu\nburn(.05)", store_history=False)
    assert "CPU In[3]" in result.out
    assert op.captures[-1].status == "done"


@pytest.mark.parametrize(
    "body",
    [
        "from __future__ import annotations\ndef f(x: Unknown): return 1\nf(2)",
        "'''Doc.'''\nfrom __future__ import annotations  # c\ndef f(x: Unknown): return 1\nf(2)",
        "from __future__ import annotations\nimport asyncio\ndef f(x: Unknown): return 1\nawait asyncio.sleep(0)\nf(2)",
    ],
)
@pytest.mark.parametrize("options", ["", " --for 50ms"])
def test_future_imports(shell, body, options):
    result = shell.run(f"%%oprof cpu{options}\n{body}")
    assert result.result == 1
    assert len(op.captures) == 1


def test_check_complete_starts_nothing(shell):
    assert shell.ip.check_complete("%%oprof cpu\nx = 1") == ("incomplete", "")
    assert shell.ip.check_complete("%%oprof cpu\nx = 1\n\n")[0] == "complete"
    assert shell.ip.check_complete("%%oprof cpu")[0] == "incomplete"
    assert session.running() == ()
    assert len(op.captures) == 0


def test_an_empty_cell_is_a_clear_error(shell):
    for code in ("%%oprof cpu", "# c\n%%oprof cpu\n\n"):
        result = shell.run(code)
        assert "cell body is empty" in result.err
        assert not result.success


def test_wrong_words_are_one_line_and_nothing_runs(shell):
    for line, said in [
        ("cpuu", "did you mean 'cpu'?"),
        ("cpu --rat 5", "did you mean '--rate'?"),
        ("cpu --rate abc", "--rate: 'abc'"),
        ("cpu --rate -5", "--rate"),
        ("cpu --rate 0", "rate"),
        ("cpu wall", "one kind a cell: cpu and wall both record CPU and waiting"),
        ("cpu walk", "does not know 'walk'"),
        ("--help", "%%oprof?"),
        ("--for soon", "--for: 'soon'"),
        ("--every 0s", "--every"),
        ("--budget tiny", "--budget: 'tiny'"),
        ("--format html", "needs --export"),
        ("--export . --format htlm", "did you mean 'html'?"),
        ("-o 1x", "-o: '1x'"),
        ("-o class", "-o: 'class'"),
        ("-o get_ipython", "-o: 'get_ipython'"),
        ("--name 'open", "quot"),
        ("--rate", "expected one argument"),
    ]:
        result = shell.run(f"%%oprof {line}\nran = True")
        assert not result.success, line
        assert said in result.err, (line, result.err)
        assert result.err.startswith("UsageError: ")
        assert result.err.strip().count("\n") == 0, line
        assert result.out == "", line
    assert "ran" not in shell.ip.user_ns
    assert session.running() == ()


def test_where_only_the_profiler_cannot_run_the_cell_runs(shell, monkeypatch):
    from openprofiling_ipy.errors import ProfilerUnavailable
    from openprofiling_ipy.profilers import cpu

    def cannot(self):
        raise ProfilerUnavailable("cpu", "no clock", "use wall")

    monkeypatch.setattr(cpu.CpuProfiler, "start", cannot)
    result = shell.run("%%oprof cpu\n40 + 2")
    assert result.result == 42
    assert result.err == "oprof: cpu cannot run here: no clock; use wall; this runs unprofiled\n"
    assert result.success
    assert shell.run("%%oprof cpu --for 1s\n40 + 3").result == 43


def test_a_profiler_that_breaks_is_not_the_cells_fault(shell, monkeypatch):
    from openprofiling_ipy.profilers import cpu

    monkeypatch.setattr(cpu.CpuProfiler, "start", lambda self: 1 / 0)
    result = shell.run("%%oprof cpu\n40 + 2")
    assert result.result == 42
    assert result.err == "oprof: cannot record (ZeroDivisionError: division by zero); this runs unprofiled\n"


@pytest.mark.parametrize("error", [RuntimeError("no\nwonder"), KeyboardInterrupt()])
def test_an_end_that_breaks_is_one_line(shell, monkeypatch, error):
    def broken(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(stamps, "stamped", broken)
    result = shell.run("%%oprof cpu -o got\n40 + 2")
    assert result.result == 42
    assert "has no result (" in result.err
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.out
    assert shell.ip.user_ns["got"].status == "failed"
    assert session.running() == ()


def test_an_interrupt_while_drawing(shell, monkeypatch):
    from openprofiling_ipy.notebook.display import Display

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(Display, "result", interrupted)
    result = shell.run("%%oprof cpu\n40 + 2")
    assert result.err == f"oprof: interrupted while drawing: %oprof show #{op.captures[-1].number} shows it\n"


def test_a_cell_that_stops_its_own_recording(shell):
    result = shell.run("%%oprof cpu\nburn(.05)\n%oprof stop\n40 + 2")
    assert result.result == 42
    assert result.out.count("CPU In[3]") == 1
    assert len(op.captures) == 1


def test_refreshing_needs_a_notebook(shell):
    result = shell.run("%%oprof cpu --every 5s\n1")
    assert result.err == "oprof: --every needs a notebook: the picture comes at the end\n"


def test_variables_in_the_line(shell):
    shell.run("who = 'me'\nhow = 250")
    shell.run("%%oprof cpu --name {who} --rate $how\n1")
    assert op.captures[-1].name == "me"
    assert op.captures[-1].document.attributes["rate"] == 250


def test_the_capture_in_a_variable(shell):
    shell.run("%%oprof cpu -o got\n1/0")
    assert shell.ip.user_ns["got"] is op.captures[-1]


def test_a_picture_that_fails_is_one_line(shell, monkeypatch):
    from openprofiling_ipy.widgets import view

    def broken(self):
        raise RuntimeError("no paint\nmore")

    monkeypatch.setattr(view.Result, "__repr__", broken)
    monkeypatch.setattr(view.Result, "_repr_mimebundle_", broken)
    result = shell.run("%%oprof cpu\n1 + 1")
    assert result.result == 2
    assert "oprof: #" in result.err
    assert "cannot be shown (RuntimeError: no paint); the capture is kept" in result.err
    assert result.err.count("\n") == 1
    assert len(op.captures) == 1


def test_the_real_cell_magic_runs_what_it_is_given(shell):
    """As other code calls it, and as nbconvert writes it into scripts."""
    value = shell.ip.run_cell_magic("oprof", "cpu", "y = burn(.05)\ny + 1")
    assert value == 1.05
    assert shell.ip.user_ns["y"] == 0.05
    assert len(op.captures) == 1
    with pytest.raises(ZeroDivisionError):
        shell.ip.run_cell_magic("oprof", "cpu", "1 / 0")
    assert op.captures[-1].status == "failed"
    result = shell.run("get_ipython().run_cell_magic('oprof', 'cpu', 'burn(.1)\\n1/0')")
    assert "ZeroDivisionError" in result.out
    assert "In[" in op.captures[-1].label


def test_run_inside_captured_output_of_a_test(shell):
    """Somebody else's capture around the whole cell gets the result: there is no cell around it to wait for."""
    with capture_output() as got:
        shell.ip.run_cell("%%oprof cpu\nburn(.05)")
    assert any("CPU In[" in output.data["text/plain"] for output in got.outputs)


def test_the_line_cache_keeps_its_length(shell):
    shell.run("%%oprof cpu\nfrom __future__ import annotations\nx = 1")
    mine = [lines for name, (_, _, lines, _) in linecache.cache.items() if lines[-1:] == ["x = 1\n"]]
    assert ["# %%oprof cpu\n", "from __future__ import annotations\n", "x = 1\n"] in mine


def test_an_exception_that_cannot_be_printed(shell):
    shell.run("class Unprintable(Exception):\n    def __str__(self):\n        raise ValueError('no')")
    before = shell.ip.execution_count
    shell.run("%%oprof\nraise Unprintable")
    assert not session.running()
    shell.run("raise Unprintable")
    shell.run("%%oprof\nburn(.1)")
    assert session.captures[-1].label == f"In[{before + 2}]"


def test_a_result_that_cannot_be_published_is_one_line(shell, monkeypatch):
    def refuse(*_arguments, **_options):
        raise RuntimeError("nobody listens")

    monkeypatch.setattr(shell.ip.display_pub, "publish", refuse)
    result = shell.run("%%oprof cpu\n1 + 1")
    assert result.result == 2
    assert "cannot be shown (RuntimeError: nobody listens); the capture is kept" in result.err
    assert "Error in callback" not in result.out


def test_an_output_that_a_cell_put_in_place_need_not_be_a_file(shell):
    code = """
import sys
class Tee:
    def __init__(self): self.out = sys.stdout
    def write(self, text): self.out.write(text)
    def flush(self): self.out.flush()
before, sys.stdout = sys.stdout, Tee()
burn(.05)
"""
    result = shell.run(f"%%oprof cpu{code}")
    shell.run("sys.stdout = before")
    assert "burn" in result.out
    assert "cannot be shown" not in result.err
