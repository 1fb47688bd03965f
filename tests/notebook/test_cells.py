"""Cells by file name: labels and sources as they ran; what of the process is the kernel's."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import openprofiling_ipy as op
from openprofiling_ipy.cells import sources
from openprofiling_ipy.cells.sources import cells_of, identity
from openprofiling_ipy.model.attributes import A


def file_of(shell, name: str) -> str:
    return shell.ip.user_ns[name].__code__.co_filename


def test_labels_and_sources_as_they_ran(shell):
    shell.run("%%oprof cpu\n\ndef f():\n    %time pass\n    return 1\n!true")
    known = cells_of(shell.ip)
    file = file_of(shell, "f")
    assert known.label(file) == "In[3]"
    assert known.text(file) == "%%oprof cpu\n\ndef f():\n    %time pass\n    return 1\n!true\n"
    assert known.label("/usr/lib/python3/json/decoder.py") is None
    assert known.text("<string>") is None


def test_line_numbers_fit_the_text(shell):
    """IPython drops leading blank lines, and joins the lines of a continued magic before the cell runs."""
    shell.run("\n\n# c\ndef first(): return 1")
    shell.run("%%oprof cpu\nx = !echo \\\n  a\ndef joined(): return 1")
    known = cells_of(shell.ip)
    for name in ("first", "joined"):
        code = shell.ip.user_ns[name].__code__
        assert known.text(code.co_filename).splitlines()[code.co_firstlineno - 1].startswith(f"def {name}")
    assert known.text(file_of(shell, "joined")).splitlines()[0] == "# %%oprof cpu"


def test_another_magic_keeps_the_text_as_typed(shell):
    shell.run("%%oprof cpu\n%%time\ndef f(): return 1\nf()")
    known = cells_of(shell.ip)
    assert known.label(file_of(shell, "f")) == "In[3.2]"
    assert known.text(file_of(shell, "f")) == "def f(): return 1\nf()\n"
    typed = "%%oprof cpu\n%%time\ndef f(): return 1\nf()\n"
    assert op.captures[-1].document.sources.get("In[3]", typed) == typed


def test_cells_run_before_the_extension_was_loaded(bare):
    bare.run("def early(): return 1")
    bare.run("%load_ext openprofiling_ipy")
    known = cells_of(bare.ip)
    assert known.label(file_of(bare, "early")) == "In[1]"
    assert known.text(file_of(bare, "early")) == "def early(): return 1\n"


def test_functions_of_edited_cells_keep_their_own_source(shell):
    shell.run("def f(): return 1", cell_id="a")
    old = file_of(shell, "f")
    shell.run("\ndef f(): return 2", cell_id="a")
    known = cells_of(shell.ip)
    assert known.text(old) == "def f(): return 1\n"
    assert known.label(old) == "In[3]"
    assert known.text(file_of(shell, "f")) == "def f(): return 2\n"
    assert known.label(file_of(shell, "f")) == "In[4]"


def test_a_cell_outside_of_the_history_does_not_take_a_number(shell):
    shell.run("def beside(): return 1", store_history=False)
    known = cells_of(shell.ip)
    assert known.label(file_of(shell, "beside")) == "In[3]"
    shell.run("def proper(): return 1")
    assert known.label(file_of(shell, "proper")) == "In[3]"
    assert known.label(file_of(shell, "beside")) == "In[3.2]"
    shell.run("def another(): return 1", store_history=False)
    shell.run("def again(): return 2", store_history=False)
    assert known.label(file_of(shell, "another")) == "In[4]"
    assert known.label(file_of(shell, "again")) == "In[4.2]"


def test_nested_cells_belong_to_the_one_that_runs_them(shell):
    shell.run(
        "get_ipython().run_cell('def one(): return 1')\n"
        "get_ipython().run_cell('def two(): return 1')\n"
        "get_ipython().run_cell('get_ipython().run_cell(\"def deep(): return 1\")')"
    )
    known = cells_of(shell.ip)
    assert [known.label(file_of(shell, name)) for name in ("one", "two", "deep")] == ["In[3.2]", "In[3.3]", "In[3.5]"]
    shell.run("def next_(): return 1")
    assert known.label(file_of(shell, "next_")) == "In[4]"


def test_a_nested_cell_run_again_keeps_its_label(shell):
    shell.run("for _ in range(3): get_ipython().run_cell('def one(): return 1')")
    assert cells_of(shell.ip).label(file_of(shell, "one")) == "In[3.2]"


def test_numbers_that_begin_again(shell):
    known = cells_of(shell.ip)
    shell.run("def old(): return 1")
    shell.ip.execution_count = 3
    shell.run("def new(): return 2")
    assert known.label(file_of(shell, "new")) == "In[3]"
    assert known.label(file_of(shell, "old")) == "In[3.2]"


def test_the_same_shell_has_one_registry(shell):
    assert cells_of(shell.ip) is cells_of(shell.ip)


def test_identity():
    given = SimpleNamespace(cell_id="abc", raw_cell="x")
    assert identity(given) == "abc"
    hashed = identity(SimpleNamespace(cell_id=None, raw_cell="x"))
    assert hashed == identity(SimpleNamespace(raw_cell="x"))
    assert hashed != identity(SimpleNamespace(raw_cell="y"))


def test_a_capture_knows_its_cell(shell):
    shell.run("%%oprof cpu\n1", cell_id="the-id")
    assert op.captures[-1].document.attributes[A.CELL] == "the-id"
    shell.run("%%oprof cpu\n1")
    assert len(op.captures[-1].document.attributes[A.CELL]) == 16


def test_profiles_show_cells_by_their_labels(shell):
    shell.run("def early(): return burn(.3)")
    shell.run("%%oprof wall\nearly()\nlate = lambda: burn(.3)\nlate()")
    table = op.captures[-1].table()
    places = dict(zip(table.function, table.file, strict=True))
    assert places["burn"] == "In[2]"
    assert places["early"] == "In[3]"
    assert places["<lambda>"] == "In[4]"
    assert "IPython" not in " ".join(table.file)
    assert op.captures[-1].document.sources["In[4]"].startswith("%%oprof wall\nearly()")


def test_profile_blocks_in_cells_are_labelled_without_magics(bare):
    """A notebook that never loads the extension."""
    bare.run("import openprofiling_ipy as op, time\nwith op.profile('wall') as c:\n    time.sleep(.1)")
    capture = bare.ip.user_ns["c"]
    assert capture.label == "In[1]"
    table = capture.table()  # a test runner may have threads of its own: they are recorded, not shown
    assert set(table.file[table.total > 0]) <= {"In[1]", ""}


# Scope


def test_scope_outside_of_a_shell(monkeypatch):
    monkeypatch.setattr(sources, "current_shell", lambda: None)
    scope = sources.scope()
    assert scope.sources is None
    assert scope.hidden_threads == frozenset()
    assert [folder.rstrip("/\\").endswith("openprofiling_ipy") for folder in scope.hidden_files] == [True]


def test_scope_in_a_shell_hides_its_threads_but_never_the_callers(shell):
    import IPython.core.history

    done = threading.Event()
    asked = []

    class Helper(threading.Thread):
        """Named as one of IPython's."""

        __module__ = IPython.core.history.__name__

        def run(self):
            asked.append(sources.scope())
            done.wait(10)

    helper = Helper(daemon=True)
    users = threading.Thread(target=done.wait, args=(10,), daemon=True)
    helper.start()
    users.start()
    try:
        scope = sources.scope()
        assert helper.ident in scope.hidden_threads
        assert users.ident not in scope.hidden_threads
        assert threading.get_ident() not in scope.hidden_threads
        assert helper.ident not in asked[0].hidden_threads
        assert scope.sources is cells_of(shell.ip)
        assert any("IPython" in folder for folder in scope.hidden_files)
        assert sources.STATEMENT in scope.hidden_files
    finally:
        done.set()
        helper.join()
        users.join()


@pytest.mark.parametrize("name", ["plain.py", "<string>"])
def test_places_outside_of_cells(name):
    assert sources.place(f"/some/where/{name}", 12) == f"{name}:12"


def test_what_the_magics_do_is_not_shown_as_the_users_work(shell):
    shell.run("%oprof start cpu --rate 1000")
    shell.run("%oprof wall burn(.02)")
    shell.run("import openprofiling_ipy as op")
    shell.run("_ = op.captures[-1].show()._repr_mimebundle_(), burn(.05)")
    shell.run("%oprof stop")
    table = op.captures[-1].table()
    # A thread that has just begun has not said yet that it is the profiler's.
    heavy = table[table.total_share > 0.05]
    assert {"burn"} <= set(heavy.function) <= {"burn", "<cell>"}, heavy
