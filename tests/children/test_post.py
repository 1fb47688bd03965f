"""The folder between a process and its children."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from openprofiling_ipy.children.post import Order, Post


@pytest.fixture
def post(tmp_path):
    return Post(str(tmp_path))


def test_an_order_is_read_by_the_other_end_and_again_when_it_changes(post):
    child = pickle.loads(pickle.dumps(post))
    order = Order(1, "cpu", {"rate": 50})
    post.give(order)
    assert child.order() == order
    post.give(replace(order, open=False, asked=2))
    assert child.order() == Order(1, "cpu", {"rate": 50}, 2, open=False)


def test_a_parent_that_has_gone_is_told(post):
    with pytest.raises(FileNotFoundError):
        post.order()


def test_what_belongs_to_one_recording_is_removed_with_it(post):
    post.put(1, 77, "pb.gz", b"one")
    post.put(12, 77, "pb.gz", b"two")
    assert post.get(1, 77, "pb.gz") == b"one"
    assert post.pids(1, "pb.gz") == {77}
    post.clear(1)
    assert post.get(1, 77, "pb.gz") is None
    assert post.pids(12, "pb.gz") == {77}


def test_half_written_files_are_nobodys(post, tmp_path):
    (tmp_path / ".tmp123").write_bytes(b"ha")
    post.put(1, 5, "begun", b"x")
    assert post.pids(1, "begun") == {5}
    post.clear(1)
    assert (tmp_path / ".tmp123").exists()
