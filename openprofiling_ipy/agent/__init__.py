"""Records a running program when something asks for it, and sends what it recorded away."""

from openprofiling_ipy.agent.agent import ProfilingAgent

__all__ = ["ProfilingAgent"]
