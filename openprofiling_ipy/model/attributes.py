"""
The names of the facts that travel in `Profile.attributes`. A reader takes none of them for granted.

Facts that tell about a machine or a person are listed in `PRIVATE`: they never enter a saved picture unless asked for.
"""

from __future__ import annotations

__all__ = ["PRIVATE", "A"]


class A:
    """Attribute keys. Times are int ns, rates float Hz, counts int, the rest str unless said."""

    KIND = "kind"  # "cpu", "wall", ...
    NAME = "name"  # what the user called it
    LABEL = "label"  # what was recorded: "In[5]", "train()", "pid 4711"
    NUMBER = "number"  # the capture's number in its process
    STATUS = "status"  # "done", "running", "interrupted", "failed", "recovered"
    ENGINE = "engine"  # "python sampler"
    RATE = "rate"  # asked samples a second
    TICKS = "ticks"  # how often the sampler looked
    CPU_TIME = "cpu_time"  # CPU time of the whole process without the profiler's own
    OWN_CPU = "own_cpu"  # CPU time of the profiler's thread
    THREADS_HIDDEN = "threads_hidden"  # the kernel's and the profiler's, never recorded
    TASKS_LEFT_OUT = "tasks_left_out"  # asyncio tasks older than the recording
    TASKS_THINNED = "tasks_thinned"  # tasks were looked at only every so many ticks
    TASKS_OVERLAP = "tasks_overlap"  # bool: waits of tasks may exceed elapsed time
    CORE_WAIT = "core_wait"  # the caller's thread was ready to run so long, and no core was free
    CHILDREN = "children"  # child processes that used CPU
    CHILDREN_CPU = "children_cpu"  # their CPU time
    PROCESSES = "processes"  # child processes that are in the profile
    PROCESSES_LOST = "processes_lost"  # those that should be, and gave nothing or not all
    AGGREGATED = "aggregated"  # samples before this time (ns since the start) have been joined
    SLOWED = "slowed"  # the rate it was slowed to
    SAMPLER_ERROR = "sampler_error"  # what ended the sampler before its time
    STACKS_CUT = "stacks_cut"  # samples whose innermost frames are missing: too many different stacks
    CELL = "cell"  # tells the cell from others, however often it ran: the front end's id, else its source's hash
    RUNS = "runs"  # how often the code was repeated
    FOLDED = "folded"  # frames folded to fit a budget
    FOLDED_SHARE = "folded_share"  # the largest share of one of them (float)
    TIME_STEP = "time_step"  # samples of one stack were joined within steps of this length
    TRIGGER = "trigger"  # what began it: "SIGUSR2", "http"
    SIGNAL_ARRIVED = "signal_arrived"  # when the signal that began it reached the process, unix ns
    SIGNAL_HANDLED = "signal_handled"  # when the main thread next ran Python and the signal took effect, unix ns
    ERROR = "error"  # the first line of the exception that ended the cell
    CORES = "cores"  # float: native CPU over elapsed time
    SERVICE = "service"  # what the program is called among those of its owner
    HOST = "host"
    USER = "user"
    PID = "pid"  # int
    PYTHON = "python"  # "3.11.7"
    PLATFORM = "platform"  # "linux"
    FOLDER = "folder"  # working folder: what lies below is the user's own code
    PREFIXES = "prefixes"  # folders of the standard library and of packages, joined by newlines


PRIVATE = frozenset({A.HOST, A.USER, A.PID, A.FOLDER, A.PREFIXES})
