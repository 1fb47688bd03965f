"""Stacks interned while sampling."""

from __future__ import annotations

from hypothesis import given, strategies as st

from openprofiling_ipy.profilers.sampling.trie import CELL, ROOT, WAITS, Trie
from tests.profilers.fakes import FakeFrame, code, frames

STACKS = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6).map(" ".join), max_size=30)


def trie(limit: int = 1000) -> Trie:
    return Trie(lambda file: file == "cell.py", limit)


def text(tree: Trie, node: int) -> str:
    words = []
    while node != ROOT:
        words.append(tree.codes[node].co_name)
        node = tree.parents[node]
    return " ".join(reversed(words))


@given(STACKS)
def test_equal_stacks_are_one_node_and_others_are_not(stacks: list[str]) -> None:
    tree = trie()
    nodes = {stack: tree.walk(frames(stack)) for stack in stacks}
    assert {stack: text(tree, node) for stack, node in nodes.items()} == {stack: stack for stack in stacks}
    assert [tree.walk(frames(stack)) for stack in stacks] == [nodes[stack] for stack in stacks]
    prefixes = {" ".join(stack.split()[:n]) for stack in stacks for n in range(1, len(stack.split()) + 1)}
    assert len(tree) == len(prefixes)


@given(STACKS)
def test_parents_come_before_their_children(stacks: list[str]) -> None:
    tree = trie()
    for stack in stacks:
        tree.walk(frames(stack))
    assert all(parent < node for node, parent in enumerate(tree.parents))


def test_no_frame_is_the_root() -> None:
    assert trie().walk(None) == ROOT


def test_the_same_text_in_two_files_is_two_functions() -> None:
    tree = trie()
    one, other = code("f", "one.py"), code("f", "other.py")
    assert one == other  # what makes a dict of code objects a trap
    nodes = {tree.walk(FakeFrame(one, 0, None)), tree.walk(FakeFrame(other, 0, None))}
    assert sorted(tree.codes[node].co_filename for node in nodes) == ["one.py", "other.py"]


def test_two_instructions_of_a_function_are_two_nodes() -> None:
    tree = trie()
    assert len({tree.walk(FakeFrame(code("f"), offset, None)) for offset in (-1, 0, 2, 4)}) == 4


def test_recursion_is_as_deep_as_it_was() -> None:
    tree = trie(10_000)
    assert text(tree, tree.walk(frames("f " * 3000))) == ("f " * 3000).strip()


def test_extending_a_stack_is_the_same_as_walking_the_longer_one() -> None:
    tree = trie()
    below = [(code("b"), 0), (code("c"), 0)]
    assert tree.extend(tree.walk(frames("a")), below) == tree.walk(frames("a b c"))
    assert tree.extend(ROOT, below) == tree.walk(frames("b c"))


def test_beyond_the_limit_stacks_are_cut_at_what_is_known_and_that_is_counted() -> None:
    tree = trie(limit=2)
    tree.walk(frames("a b"))
    assert tree.cut == 0
    assert text(tree, tree.walk(frames("a b c d"))) == "a b"
    assert text(tree, tree.walk(frames("a x"))) == "a"
    assert text(tree, tree.extend(tree.walk(frames("a b")), [(code("y"), 0)])) == "a b"
    assert tree.cut == 3
    # Known stacks still lose nothing, and a thread that is new still has its outermost frame.
    assert text(tree, tree.walk(frames("a b"))) == "a b"
    assert text(tree, tree.walk(frames("other"))) == "other"
    assert tree.cut == 3


def test_frames_below_a_cell_know_it() -> None:
    tree = trie()
    stack = {
        name: tree.walk(frames(stack))
        for name, stack in {
            "kernel": "kernel",
            "cell": "kernel cell.py|cell",
            "lib": "kernel cell.py|cell lib",
        }.items()
    }
    assert {name: bool(tree.flags[node] & CELL) for name, node in stack.items()} == {
        "kernel": False,
        "cell": True,
        "lib": True,
    }


def test_an_event_loop_that_polls_is_known() -> None:
    tree = trie()
    waiting = tree.walk(frames("loop /usr/lib/python3.11/selectors.py|select"))
    other = tree.walk(frames("loop db.py|select"))
    assert tree.flags[waiting] & WAITS
    assert not tree.flags[other] & WAITS
