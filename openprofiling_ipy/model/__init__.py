"""What was recorded, as pure data: columns, no nodes. Imports nothing of ours; numpy only."""

from openprofiling_ipy.model.builder import ProfileBuilder
from openprofiling_ipy.model.profile import (
    FrameTable,
    FunctionTable,
    Profile,
    SampleTable,
    StackTable,
    Thread,
    ThreadKind,
    ValueType,
)
from openprofiling_ipy.model.units import Unit

__all__ = [
    "FrameTable",
    "FunctionTable",
    "Profile",
    "ProfileBuilder",
    "SampleTable",
    "StackTable",
    "Thread",
    "ThreadKind",
    "Unit",
    "ValueType",
]
