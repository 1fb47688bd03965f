"""
`python -m openprofiling_ipy run app.py`: a program as Python itself would run it, with an agent beside it.

The program gets `sys.argv`, `sys.path[0]`, `__main__`, exit status and tracebacks as without us. A wrong word in the
environment does not keep it from running: that is logged, and it runs without an agent.
"""

from __future__ import annotations

import io
import logging
import os
import pkgutil
import sys
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, TracebackType

__all__ = ["USAGE", "main"]

_log = logging.getLogger(__name__)

USAGE: Final = """\
usage: python -m openprofiling_ipy run app.py [arguments]
       python -m openprofiling_ipy run -m module [arguments]

Runs a program with a profiling agent, which the environment configures:
  OPENPROFILING_TRIGGER   SIGUSR2 (default), SIGUSR1/SIGUSR2 (start/stop), http, http:8080; several with commas
  OPENPROFILING_PROFILER  cpu (default), wall, cpu:rate=50; several with commas
  OPENPROFILING_EXPORT    folders or addresses such as s3://bucket/prefix, with commas
  OPENPROFILING_SERVICE   the service's name, which travels with every capture
  OPENPROFILING_SPOOL     the folder where captures wait to be sent
  OPENPROFILING_TOKEN     what http asks for; needed for http://0.0.0.0:8080, random by default
"""
_WRONG_USE: Final = 2


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments say; returns an exit status only where nothing was run, or it came to its end."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] != "-m") or arguments == ["-m"]:
        asked = list(arguments[:1]) in (["-h"], ["--help"])
        (sys.stdout if asked else sys.stderr).write(USAGE)
        return 0 if asked else _WRONG_USE
    _start_agent()
    if arguments[0] == "-m":
        _run_module(arguments[1], arguments[2:])
    else:
        _run_path(arguments[0], arguments)
    return 0


def _start_agent() -> None:
    from openprofiling_ipy.agent.agent import ProfilingAgent
    from openprofiling_ipy.errors import OpenProfilingError

    try:
        ProfilingAgent.from_env().start()
    except OpenProfilingError as error:
        _log.warning("the program runs without an agent: %s", error)
    except Exception:  # noqa: BLE001  # whatever it is, the program is what matters
        _log.exception("the program runs without an agent")


def _new_main() -> dict[str, Any]:
    """Put a fresh `__main__` in the place of this command's and return its namespace."""
    module = ModuleType("__main__")
    namespace = vars(module)
    namespace.update(__builtins__=sys.modules["builtins"], __annotations__={})
    sys.modules["__main__"] = module
    return namespace


def _run_module(name: str, arguments: Sequence[str]) -> None:
    import runpy

    # What `python -m` itself calls. It finds the module, sets the rest of sys.argv and of `__main__`, and tells in
    # Python's own words what it does not find.
    sys.argv = ["-m", *arguments]
    _new_main()
    _as_python(lambda: runpy._run_module_as_main(name))  # type: ignore[attr-defined]  # noqa: SLF001  # see above


def _run_path(path: str, argv: Sequence[str]) -> None:
    sys.argv = list(argv)
    if _holds_main(path):
        import runpy

        # A folder or an archive, which comes first on the path whatever was there.
        _leave_path()
        sys.path.insert(0, os.path.abspath(path))  # noqa: PTH100  # light
        _new_main()
        _as_python(lambda: runpy._run_module_as_main("__main__", False))  # type: ignore[attr-defined]  # noqa: SLF001, FBT003
        return
    full = os.path.abspath(path)  # noqa: PTH100  # links stay as they are, as in `__file__`
    try:
        with io.open_code(full) as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"{sys.executable}: can't open file {full!r}: [Errno {error.errno}] {error.strerror}\n")
        raise SystemExit(_WRONG_USE) from None
    _leave_path()
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))  # noqa: PTH120  # light
    namespace = _new_main()
    loader = SourcelessFileLoader if full.endswith(".pyc") else SourceFileLoader
    namespace.update(__file__=full, __cached__=None, __loader__=loader("__main__", full))
    _as_python(lambda: exec(_compiled(source, full), namespace))  # noqa: S102  # that is its purpose


def _compiled(source: bytes, path: str) -> CodeType:
    packed = pkgutil.read_code(io.BytesIO(source)) if path.endswith(".pyc") else None
    return packed or compile(source, path, "exec", dont_inherit=True)


def _holds_main(path: str) -> bool:
    """Tell whether a path is one from which `__main__` is imported: a folder, or an archive such as app.pyz."""
    return os.path.isdir(path) or pkgutil.get_importer(path) is not None  # noqa: PTH112  # light


def _leave_path() -> None:
    """Take away what `python -m` put first on the path."""
    if not sys.flags.safe_path and sys.path:
        del sys.path[0]


def _as_python(do: Callable[[], object]) -> None:
    """Do it; an exception that nobody catches is shown without the frames of this command."""
    try:
        do()
    except SystemExit:
        raise
    except BaseException as error:
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
            traceback = traceback.tb_next
        hook, raised = sys.excepthook, error

        def show(kind: type[BaseException], value: BaseException, whole: TracebackType | None) -> None:
            ours = value is raised
            hook(kind, value.with_traceback(traceback) if ours else value, traceback if ours else whole)

        # The interpreter shows it, runs what is to be run at exit, and finds the exit status, as without us.
        sys.excepthook = show
        raise
