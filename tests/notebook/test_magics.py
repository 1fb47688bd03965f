"""`%oprof` and its verbs, in a real shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import openprofiling_ipy as op
from openprofiling_ipy import session
from openprofiling_ipy.errors import InvalidOption
from openprofiling_ipy.notebook import arguments


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def one_line(result, *said: str) -> None:
    assert not result.success
    assert result.err.startswith("UsageError: ")
    assert result.err.strip().count("\n") == 0, result.err
    for word in said:
        assert word in result.err
    assert "Traceback" not in result.out


# %oprof KIND EXPR


def test_a_statement_keeps_its_value(shell):
    result = shell.run("%oprof cpu burn(.05) + 1")
    assert result.result == 1.05
    assert shell.ip.user_ns["_"] == 1.05
    assert "CPU In[3]" in result.out
    assert shell.run("got = %oprof wall burn(.05)\ngot").result == 0.05
    assert [c.kind for c in op.captures] == ["cpu", "wall"]


def test_a_statement_takes_options_and_names(shell):
    result = shell.run(
        'def f(n):\n    %oprof cpu --rate=250 --name "two words" -o got y = burn(n) * 2\n    return n\nf(.05)'
    )
    assert result.result == 0.05
    assert shell.ip.user_ns["got"].name == "two words"
    assert op.captures[-1].document.attributes["rate"] == 250
    assert shell.run("d = {'a': 1}\n%oprof cpu {**d, '$HOME': 2}").result == {"a": 1, "$HOME": 2}
    assert shell.run("%oprof cpu -- -1").result == -1


def test_a_statement_that_assigns(shell):
    shell.run("%oprof cpu z = burn(.01); w = z + 1")
    assert shell.ip.user_ns["w"] == 1.01


def test_a_statement_that_is_silenced(shell):
    result = shell.run("%oprof cpu burn(.01);")
    assert "Out[" not in result.out


def test_a_statement_that_repeats(shell):
    result = shell.run(
        "count = 0\ndef step():\n    global count\n    count += 1\n    print('run')\n    return count\n%oprof cpu --for 100ms step()"
    )
    count = shell.ip.user_ns["count"]
    assert result.result == count > 5
    assert result.out.count("run\n") == 1
    assert f"{count:,} runs of " in result.out


def test_a_statement_that_fails(shell):
    result = shell.run("%oprof cpu burn(.05) / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "openprofiling_ipy" not in result.out
    assert "burn(.05) / 0" in result.out
    assert op.captures[-1].status == "failed"


@pytest.mark.parametrize(("code", "said"), [("x = (", "(line 1)"), ("await f()", "%%oprof"), ("1 +", "invalid syntax")])
def test_a_statement_that_is_no_python(shell, code, said):
    result = shell.run(f"%oprof cpu {code}")
    one_line(result, "SyntaxError", said)
    assert result.out == ""
    assert len(op.captures) == 0


def test_a_users_own_errors_are_not_ours(shell):
    result = shell.run("%oprof cpu open('/nowhere/at/all')")
    assert isinstance(result.error_in_exec, FileNotFoundError)


def test_a_statement_inside_a_profiled_cell(shell):
    result = shell.run("%%oprof cpu\nx = %oprof cpu 40 + 2\nx")
    assert result.result == 42
    assert "is running" in result.err
    assert len(op.captures) == 1


def test_an_unknown_first_word(shell):
    one_line(shell.run("%oprof cpux f()"), "'cpu'", "start, stop, list")
    one_line(shell.run("%oprof sop"), "did you mean 'stop'?")
    one_line(shell.run("%oprof cpu"), "needs a statement", "%%oprof cpu")
    one_line(shell.run("%oprof cpu --rat 5 f()"), "did you mean '--rate'?")


# %oprof alone


def test_alone_it_says_what_is_and_what_can_be_done(shell):
    out = shell.run("%oprof").out
    assert out.startswith("0 captures\n")
    assert len(out.strip().split("\n\n")[1].splitlines()) == 6
    shell.run("%oprof start wall --name night")
    shell.run("%%oprof cpu\n1")
    out = shell.run("%oprof").out
    assert "recording wall as #" in out
    assert '"night"' in out
    assert "1 capture, the newest #" in out


# start, stop


def test_start_and_stop_across_cells(shell):
    result = shell.run("%oprof start cpu --rate 200 --name long")
    assert result.out.startswith("recording cpu as #")
    shell.run("burn(.1)")
    out = shell.run("%oprof stop").out
    assert "burn" in out
    assert op.captures[-1].name == "long"
    assert op.captures[-1].label == "In[3] to In[5]"
    assert op.captures[-1].document.attributes["rate"] == 200


def test_start_and_stop_in_one_cell(shell):
    shell.run("%oprof start\nburn(.05)\n%oprof stop")
    assert op.captures[-1].label == "In[3]"
    assert op.captures[-1].kind == "cpu"


def test_start_and_stop_gone_wrong(shell):
    one_line(shell.run("%oprof stop"), "nothing is being recorded", "%oprof start cpu")
    one_line(shell.run("%oprof start cpux"), "did you mean 'cpu'?")
    one_line(shell.run("%oprof start cpu --for 2s"), "--for", "--rate, --name, --threads")
    shell.run("%oprof start cpu")
    one_line(shell.run("%oprof start cpu"), "already running")
    one_line(shell.run("%oprof stop #999"), "no capture '#999'")
    assert len(session.running()) == 1
    result = shell.run("%%oprof cpu\n40 + 2")
    assert result.result == 42
    assert "is running" in result.err


def test_stop_of_one_by_name(shell):
    shell.run("%oprof start cpu --name one")
    shell.run("%oprof start wall --name two")
    shell.run("%oprof stop one")
    assert [c.name for c in session.running()] == ["two"]
    one_line(shell.run("%oprof stop one"), "not running")


# list, show, forget


def test_list(shell):
    one_line(shell.run("%oprof list"), "%%oprof cpu")
    shell.run("%%oprof cpu --name first\nburn(.01)")
    shell.run("%%oprof wall\n1/0")
    shell.run("%oprof start cpu")
    lines = shell.run("%oprof list").out.splitlines()
    assert lines[0].split() == ["kind", "what", "name", "began", "took", "status"]
    assert "first" in lines[1]
    assert lines[2].endswith("failed")
    assert lines[3].endswith("running")
    assert len(lines) == 4
    one_line(shell.run("%oprof list all"), "nothing")


def test_show(shell):
    one_line(shell.run("%oprof show"), "no capture")
    shell.run("%%oprof cpu --name mine\nburn(.05)")
    number = op.captures[-1].number
    shell.run("%%oprof wall\nburn(.05)")
    for name in (f"#{number}", "In[4]", "mine"):
        assert "CPU In[4]" in shell.run(f"%oprof show {name}").out
    assert "Wall In[5]" in shell.run("%oprof show").out
    assert "CPU In[4]" in shell.run("which = 'mine'\n%oprof show {which}").out
    one_line(shell.run("%oprof show mien"), "did you mean 'mine'?")
    one_line(shell.run("%oprof show #1 #2"), "show takes")


def test_show_of_what_is_running(shell):
    shell.run("%oprof start cpu")
    shell.run("burn(.1)")
    out = shell.run("%oprof show").out
    assert "still running" in out
    assert len(session.running()) == 1


def test_forget(shell):
    for _ in range(3):
        shell.run("%%oprof cpu\n1")
    first = op.captures[0].number
    shell.run(f"%oprof forget #{first}")
    assert [c.number for c in op.captures] == [first + 1, first + 2]
    one_line(shell.run("%oprof forget"), "--all")
    one_line(shell.run(f"%oprof forget #{first}"), "no capture")
    shell.run("%oprof forget --all")
    assert len(op.captures) == 0


# export, load


def test_export_and_load(shell, tmp_path):
    shell.run("%%oprof cpu --name mine\nburn(.05)")
    capture = op.captures[-1]
    out = shell.run("%oprof export").out
    place = Path(out.split(" exported to ")[1].split("\n")[0].strip())
    assert place.parent == tmp_path
    assert place.name.endswith(".speedscope.json")
    assert op.load(place).document == capture.document
    assert f"exported to {tmp_path / 'a.html'}" in shell.run("%oprof export mine a.html").out
    folded = shell.run(f"%oprof export #{capture.number} sub/b.txt --format folded").out
    assert (tmp_path / "sub").is_dir()
    assert "cannot hold" in folded
    assert shell.run("%oprof export c.html").out.startswith(f"#{op.captures[-1].number} exported")
    out = shell.run(f"%oprof load {place.name}").out
    loaded = op.captures[-1]
    assert f"#{loaded.number} CPU In[3]" in out
    assert loaded.status == "loaded"
    assert loaded.document == capture.document
    assert shell.run(f"%oprof export #{loaded.number} again.html").out.startswith(f"#{loaded.number} exported")


def test_export_gone_wrong(shell, tmp_path):
    one_line(shell.run("%oprof export"), "no capture")
    shell.run("%%oprof cpu\n1")
    one_line(shell.run("%oprof export a.html --format htlm"), "did you mean 'html'?")
    one_line(shell.run("%oprof export a.html b.html"), "export takes")
    one_line(shell.run("%oprof export --format"), "needs a value")
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    one_line(shell.run("%oprof export there.html"), "there.html")
    assert (tmp_path / "there.html").read_text(encoding="utf-8") == "mine"
    one_line(shell.run("%oprof export there.html/x"), "there.html")
    assert len(op.captures) == 1


def test_load_gone_wrong(shell, tmp_path):
    one_line(shell.run("%oprof load"), "needs the path")
    one_line(shell.run("%oprof load missing.json"), "missing.json: No such file or directory\n")
    (tmp_path / "bad.speedscope.json").write_text("{", encoding="utf-8")
    one_line(shell.run("%oprof load bad.speedscope.json"))
    one_line(shell.run("%oprof load ."), ". is a folder: it is not read")


def test_export_with_the_cell(shell, tmp_path):
    result = shell.run("%%oprof cpu --export out/ --format html\nburn(.05)")
    assert result.success
    files = list((tmp_path / "out").iterdir())
    assert [file.suffix for file in files] == [".html"]
    assert f"exported to {files[0]}" in result.out


def test_an_export_that_fails_does_not_fail_the_cell(shell, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = shell.run("%%oprof cpu --export file/below/x.html\n40 + 2")
    assert result.result == 42
    assert result.success
    assert result.err.startswith("oprof: ")
    assert result.err.count("\n") == 1
    assert "the capture is kept" in result.err
    assert len(op.captures) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder(shell, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    shell.run("%%oprof cpu\n1")
    one_line(shell.run("%oprof export locked/"), "permission")


def test_a_link_where_the_page_can_reach_the_file(shell, tmp_path, monkeypatch):
    from openprofiling_ipy.notebook.display import _link

    assert _link(str(tmp_path / "a b.html")) == "a%20b.html"
    assert _link("/elsewhere/a.html") == ""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "deep" / "book.ipynb"))
    (tmp_path / "deep").mkdir()
    assert _link(str(tmp_path / "deep" / "a.html")) == "a.html"
    assert _link(str(tmp_path / "a.html")) == ""


# Options


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2s", 2.0),
        ("2", 2.0),
        ("500ms", 0.5),
        ("1.5 min", 90.0),
        (".5s", 0.5),
        ("1h", 3600.0),
        ("3µs", 3e-6),
        ("2S", 2.0),
    ],
)
def test_times(text, value):
    assert arguments.seconds("--for", text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "s", "-2s", "0", "2 days", "nan", "inf", "1e3s", "2s3"])
def test_wrong_times(text):
    with pytest.raises(InvalidOption, match="--for"):
        arguments.seconds("--for", text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("300KB", 300_000), ("1MB", 10**6), ("1MiB", 1 << 20), ("5000", 5000), ("off", None), ("OFF", None), ("2k", 2000)],
)
def test_sizes(text, value):
    assert arguments.size("--budget", text) == value


@pytest.mark.parametrize("text", ["", "-1", "0", "much", "1TB"])
def test_wrong_sizes(text):
    with pytest.raises(InvalidOption, match="--budget"):
        arguments.size("--budget", text)


def test_rates():
    assert arguments.rate("250") == 250
    assert arguments.rate("1kHz") == 1000
    assert arguments.rate("99.5 Hz") == 99.5
    with pytest.raises(InvalidOption, match="--rate"):
        arguments.rate("fast")


def test_quiet_shows_the_header_only(shell):
    out = shell.run("%%oprof cpu --quiet\nburn(.1)").out
    assert "CPU In[3]" in out
    assert "hottest" not in out
    assert "burn" not in out


def test_threads_shows_all(shell):
    shell.run("%%oprof wall --threads\nburn(.1)")
    assert op.captures[-1].status == "done"


# Help


def test_help(shell):
    assert "cell" in shell.ip.magics_manager.lsmagic()
    assert "oprof" in shell.ip.magics_manager.lsmagic()["cell"]
    assert "oprof" in shell.ip.magics_manager.lsmagic()["line"]
    cell = shell.ip.find_cell_magic("oprof").__doc__
    for option in ("--rate HZ", "--for TIME", "--every TIME", "--export DEST", "--budget SIZE", "-o NAME", "--quiet"):
        assert option in cell
    line = shell.ip.find_line_magic("oprof").__doc__
    for verb in arguments.VERBS:
        assert f"%oprof {verb}" in line
    info = shell.ip.object_inspect("%%oprof")
    assert info["found"]
    assert info["docstring"].startswith("::\n\n  %%oprof [--rate HZ]")


def test_no_message_names_a_kind_that_does_not_exist(shell):
    from openprofiling_ipy.notebook import completion, verbs

    said = verbs._CHEATS + shell.ip.find_line_magic("oprof").__doc__ + shell.ip.find_cell_magic("oprof").__doc__
    for kind in ("calls", "heap", "snapshot", "leaks", "trace"):
        assert kind in completion.kinds() or f"oprof {kind}" not in said
