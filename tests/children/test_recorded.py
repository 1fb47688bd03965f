"""Real processes, started in every way there is: recorded, handed in, merged and counted; nothing else changes."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import openprofiling_ipy as op
from openprofiling_ipy import session
from openprofiling_ipy.children.hook import _Ticket
from openprofiling_ipy.errors import AlreadyRunning, InvalidOption
from tests.children.processes import lanes, run

METHODS = ["fork", "spawn", "forkserver"]
#: What a child was told to use, less what was used before it began to record.
MOST = 0.4e9 / 2


@pytest.fixture(autouse=True)
def clean():
    yield
    for capture in session.running():
        session.stop(capture)
    session.captures.clear()


@pytest.mark.parametrize("method", METHODS)
def test_a_process(tmp_path, method):
    result = run(
        tmp_path,
        f"""
        with op.profile("cpu", children=True) as capture:
            child = multiprocessing.get_context("{method}").Process(target=burn, name="burner")
            child.start()
            burn()
            child.join()
        return told(capture) | dict(pid=child.pid)
        """,
    )
    (lane,) = lanes(result, "burner")
    assert lane["name"] == f"burner (pid {result['pid']}) MainThread"
    assert lane["cpu"] > MOST
    # Neither what started it, nor what its parent did when it was forked.
    assert lane["roots"] == ["burn"]
    assert result["lanes"][0]["name"] == "MainThread"
    assert result["lanes"][0]["cpu"] > MOST
    assert result["facts"]["processes"] == 1
    assert "processes_lost" not in result["facts"]
    if method == "fork":  # the others have helpers of multiprocessing beside them
        assert "children" not in result["facts"]
    assert not result["late"]


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_that_is_ended_with_its_block(tmp_path, method):
    """Leaving the block terminates the workers, which say nothing by themselves then."""
    result = run(
        tmp_path,
        f"""
        with op.profile("cpu", children=True) as capture:
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                pids = pool.map(burn, [0.3] * 4, chunksize=1)
        return told(capture) | dict(pids=sorted(set(pids)))
        """,
    )
    found = lanes(result, "PoolWorker")
    assert sum(lane["cpu"] for lane in found) > 3 * MOST
    assert result["facts"]["processes"] == 2
    assert "processes_lost" not in result["facts"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_that_outlives_the_recording(tmp_path, method):
    """Its workers are told to stop, have no thread that looks any more, and are there for the next recording."""
    result = run(
        tmp_path,
        f"""
        pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("{method}"))
        results = []
        for _ in range(2):
            with op.profile("cpu", children=True) as capture:
                pool.submit(burn).result()
            threads = pool.submit(names).result()
            pool.submit(burn, 0.2).result()
            results.append(told(capture) | dict(threads=threads))
        pool.shutdown()
        return results
        """,
    )
    for found in results_of(result):
        (lane,) = lanes(found, "Process-")
        assert MOST < lane["cpu"] < 0.55e9
        assert "openprofiling-sampler" not in found["threads"]
        assert found["facts"]["processes"] == 1


def results_of(result):
    assert len(result) == 2
    return result


def test_joblib(tmp_path):
    result = run(
        tmp_path,
        """
        import joblib
        results = []
        for _ in range(2):
            with op.profile("cpu", children=True) as capture:
                joblib.Parallel(n_jobs=2)(joblib.delayed(burn)() for _ in range(4))
            results.append(told(capture))
        return results
        """,
    )
    for found in results_of(result):
        assert sum(lane["cpu"] for lane in lanes(found, "LokyProcess")) > 3 * MOST
        assert found["facts"]["processes"] == 2


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_of_children(tmp_path, method):
    result = run(
        tmp_path,
        f"""
        with op.profile("cpu", children=True) as capture:
            child = multiprocessing.get_context("{method}").Process(target=family, args=("{method}",), name="outer")
            child.start()
            child.join()
        return told(capture)
        """,
    )
    for name in ("outer", "inner"):
        (lane,) = lanes(result, name)
        assert lane["cpu"] > MOST
    assert result["facts"]["processes"] == 2
    assert "processes_lost" not in result["facts"]


def test_one_that_is_killed_leaves_what_it_had_handed_in(tmp_path):
    result = run(
        tmp_path,
        """
        with op.profile("cpu", children=True) as capture:
            child = multiprocessing.get_context("fork").Process(target=killed, name="victim")
            child.start()
            child.join()
        return told(capture) | dict(code=child.exitcode)
        """,
    )
    assert result["code"] == -9
    (lane,) = lanes(result, "victim")
    assert lane["cpu"] > 0
    assert result["facts"]["processes"] == 1
    assert result["facts"]["processes_lost"] == 1


def test_one_that_never_answers_is_counted_and_not_waited_for_long(tmp_path):
    result = run(
        tmp_path,
        """
        with op.profile("cpu", children=True) as capture:
            gone = multiprocessing.get_context("fork").Process(target=os._exit, args=(3,))
            gone.start()
            gone.join()
            stopped = multiprocessing.get_context("fork").Process(target=stop)
            stopped.start()
            os.waitid(os.P_PID, stopped.pid, os.WSTOPPED | os.WNOWAIT)
            begun = time.monotonic()
        took = time.monotonic() - begun
        os.kill(stopped.pid, signal.SIGKILL)
        stopped.join()
        return told(capture) | dict(took=took)
        """,
    )
    assert result["facts"]["processes_lost"] == 2
    assert result["took"] > 1.5


def test_nothing_changes_for_the_program(tmp_path):
    """Results, exit codes, errors and output are what they are without; all is put back, and the folder goes."""
    body = """
        from multiprocessing import process
        before = {{name: vars(process.BaseProcess)[name] for name in ("start", "terminate", "kill")}}
        environment = dict(os.environ)
        said = []
        with op.profile("cpu", children={children}) as capture:
            for method in ("fork", "spawn"):
                context = multiprocessing.get_context(method)
                queue = context.Queue()
                child = context.Process(target=fails, args=(queue, 7))
                said.append(sorted(vars(child)))
                child.start()
                said += [sorted(vars(child)), queue.get()]
                child.join()
                said.append(child.exitcode)
            with concurrent.futures.ProcessPoolExecutor(1) as pool:
                try:
                    pool.submit(int, "x").result()
                except ValueError as error:
                    said.append(str(error))
            said.append(len(multiprocessing.active_children()))
        said.append(dict(os.environ) == environment)
        said.append({{name: vars(process.BaseProcess)[name] for name in before}} == before)
        return said
        """
    plainly = run(tmp_path, body.format(children=False))
    assert run(tmp_path, body.format(children=True)) == plainly
    assert plainly[-2:] == [True, True]


def test_where_this_package_is_not_found_a_child_begins_as_always(tmp_path):
    code = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()))"
    command = [sys.executable, "-I", "-S", "-c", code]
    ticket = pickle.dumps({"ticket": _Ticket(str(tmp_path)), "child": "fine"})
    done = subprocess.run(command, input=ticket, capture_output=True, cwd=tmp_path, check=False)
    assert done.stderr == b""
    assert done.stdout.strip() == b"{'ticket': None, 'child': 'fine'}"


def test_one_recording_of_children_at_a_time():
    with op.profile("cpu", children=True):
        with (
            pytest.raises(AlreadyRunning, match="a child process recording is already running"),
            op.profile("wall", children=True),
        ):
            pass
        with op.profile("wall") as other:
            pass
    assert other.status == "done"
    with op.profile("wall", children=True) as again:
        pass
    assert again.status == "done"


def test_a_wrong_word_is_told_where_it_is_written():
    with pytest.raises(InvalidOption, match="children: 'yes' will not do"):
        op.profile("cpu", children="yes")
    with pytest.raises(InvalidOption, match="rate"):
        op.profile("cpu", children=True, rate=-1)
