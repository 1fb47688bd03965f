"""Records a running program when something asks for it, and sends what it recorded away."""

from openprofiling_ipy.agent.agent import ProfilingAgent
from openprofiling_ipy.agent.check import Checked

__all__ = ["Checked", "ProfilingAgent"]
