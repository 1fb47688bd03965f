"""
Profile a notebook cell or a running service: choose a profiler, a trigger and an exporter.

    %load_ext openprofiling_ipy

    %%oprof cpu
    df = load(); result = train(df); result

The same from Python:

    import openprofiling_ipy as op

    with op.profile() as capture:
        work()
    capture.table()

Importing it is cheap: what a name needs is loaded when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openprofiling_ipy import lazy

if TYPE_CHECKING:
    from openprofiling_ipy.agent import ProfilingAgent
    from openprofiling_ipy.block import profile
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.errors import OpenProfilingError
    from openprofiling_ipy.session import captures, load

    __version__: str

__all__ = [
    "Capture",
    "OpenProfilingError",
    "ProfilingAgent",
    "captures",
    "load",
    "load_ipython_extension",
    "profile",
    "unload_ipython_extension",
]

_get, _names = lazy.names(
    __name__,
    {
        "Capture": "capture",
        "OpenProfilingError": "errors",
        "ProfilingAgent": "agent",
        "captures": "session",
        "load": "session",
        "profile": "block",
    },
)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata

        return metadata.version("openprofiling-ipy")
    return _get(name)


def __dir__() -> list[str]:
    return sorted({*_names(), "__version__"})


def load_ipython_extension(shell: Any) -> None:
    """Register `%oprof` and `%%oprof`: what `%load_ext openprofiling_ipy` calls; again, it changes nothing."""
    from openprofiling_ipy import magics

    magics.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take everything back that `load_ipython_extension` put into the shell; captures stay."""
    from openprofiling_ipy import magics

    magics.unload(shell)
