"""Profiles of several processes as one."""

from __future__ import annotations

from openprofiling_ipy.analysis.processes import Child, joined
from openprofiling_ipy.analysis.summary import summary
from openprofiling_ipy.model import Thread
from openprofiling_ipy.model.attributes import A
from tests.pictures import profile_of, stacks_of

OWN = profile_of(
    "cpu:ns wall:ns\n@MainThread\nt=10 5 10 In[3]|main:1",
    started_at=1000,
    duration=100,
    attributes={A.KIND: "cpu", A.CPU_TIME: 5, A.OWN_CPU: 1, A.CHILDREN: 2, A.CHILDREN_CPU: 900_000_000},
    sources={"In[3]": "main()\n"},
)
WORKER = profile_of(
    "cpu:ns wall:ns\n@MainThread\nt=20 7 20 /cells/7.py|work:2\nt=95 1 75 -\n@pool\nt=96 3 3 lib.py|f:1",
    started_at=1010,
    duration=96,
    attributes={A.KIND: "cpu", A.CPU_TIME: 11, A.OWN_CPU: 2, A.PID: 4711},
)


def test_each_process_has_lanes_of_its_own():
    found = joined(OWN, [Child("worker-1 (pid 4711)", WORKER, 850_000_000)], 0)
    assert found.threads == (
        Thread("MainThread"),
        Thread("worker-1 (pid 4711) MainThread"),
        Thread("worker-1 (pid 4711) pool"),
    )
    assert stacks_of(found) == {"main": 5, "work": 7, "-": 1, "f": 3}
    assert found.started_at == 1000
    assert found.duration == 100
    # A child's end may be later than the recording's.
    assert found.samples.time.tolist() == [10, 30, 100, 100]


def test_the_facts_are_those_of_all():
    facts = joined(OWN, [Child("w", WORKER, 850_000_000)], 0).attributes
    assert facts[A.PROCESSES] == 1
    assert facts[A.CPU_TIME] == 5 + 11
    assert facts[A.OWN_CPU] == 1 + 2
    assert A.PID not in facts
    assert not {A.PROCESSES_LOST, A.CHILDREN, A.CHILDREN_CPU} & facts.keys()


def test_what_remains_unseen_is_said():
    facts = joined(OWN, [Child("w", WORKER, 300_000_000)], 1).attributes
    assert facts[A.CHILDREN] == 1
    assert facts[A.CHILDREN_CPU] == 600_000_000
    assert facts[A.PROCESSES_LOST] == 1


def test_cells_have_their_labels_and_sources():
    labels, texts = {"/cells/7.py": "In[2]"}, {"/cells/7.py": "def work(): ...\n"}
    found = joined(OWN, [Child("w", WORKER, 0)], 0, label=labels.get, text=texts.get)
    files = {found.function_name(f): found.function_file(f) for f in range(len(found.functions))}
    assert files == {"main": "In[3]", "work": "In[2]", "f": "lib.py"}
    assert found.sources == {"In[3]": "main()\n", "In[2]": "def work(): ...\n"}


def test_without_children_it_is_the_same_profile():
    assert joined(OWN, [], 0) == OWN


def test_the_header_counts_them():
    found = summary(joined(OWN, [Child("w", WORKER, 850_000_000)], 2))
    assert "1 child process" in found.facts
    said = "2 child processes died or never answered: what they did is missing, or its last second"
    assert said in [note.text for note in found.notes]
