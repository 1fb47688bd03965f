"""
gunicorn with an agent in every worker.

gunicorn gives its workers' signals their default action before it loads the program, and a signal would then end them:
so the agent is started behind that, in `post_worker_init`, with or without --preload. Send signals to a worker
(`pgrep -P MASTER` tells which there are), never to the master: there SIGUSR2 starts a second master.
"""

import os
from pathlib import Path

from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.errors import OpenProfilingError

chdir = str(Path(__file__).parent)
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = 2

_agents = []


def post_worker_init(worker):
    """Start an agent in the worker, as the environment says; what it does not understand is no reason not to serve."""
    try:
        _agents.append(ProfilingAgent.from_env().start())
    except OpenProfilingError as error:
        worker.log.warning("no profiling agent: %s", error)
        return
    worker.log.info("profile this worker: kill -USR2 %d starts a recording, again ends it", worker.pid)


def worker_exit(_server, _worker):
    """End what runs and send it before the worker is gone."""
    for agent in _agents:
        agent.stop()
