"""Requests are read strictly and within bounds, however they come in pieces."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.triggers.http_message import Answer, Limits, Reader, Refusal, fields, told

GOOD = b"POST /start?kind=cpu HTTP/1.1\r\nHost: a\r\nX-Other: 1\r\nX-Other: 2\r\nContent-Length: 4\r\n\r\nbody"


def read(*pieces: bytes, limits: Limits | None = None):
    reader = Reader(limits or Limits())
    for piece in pieces[:-1]:
        assert reader.feed(piece) is None
    return reader.feed(pieces[-1])


def refused(data: bytes, limits: Limits | None = None) -> int:
    with pytest.raises(Refusal) as raised:
        Reader(limits or Limits()).feed(data)
    return raised.value.status


def test_a_request_is_read():
    request = read(GOOD)
    assert (request.method, request.path, request.query, request.body) == ("POST", "/start", "kind=cpu", b"body")
    assert request.headers == {"host": "a", "content-length": "4"}


@given(st.lists(st.integers(1, len(GOOD) - 1), unique=True).map(sorted))
def test_pieces_make_no_difference(cuts):
    ends = [0, *cuts, len(GOOD)]
    pieces = [GOOD[a:b] for a, b in itertools.pairwise(ends)]
    assert read(*pieces) == read(GOOD)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET http://a/ HTTP/1.1\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nSpaced : 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: ²\r\n\r\n".encode("latin-1"), 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 411),
        (b"GET /" + b"a" * 5000, 414),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 65 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 20000, 431),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 20000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_wrong_is_refused(data, status):
    assert refused(data) == status


@pytest.mark.parametrize("size", [4096, 4095])
def test_a_line_may_be_as_long_as_it_may_be(size):
    line = b"GET /" + b"a" * (size - len("GET / HTTP/1.1")) + b" HTTP/1.1"
    assert len(line) == size
    assert read(line + b"\r\n\r\n").method == "GET"
    assert refused(line.replace(b"/a", b"/" + b"a" * 2 * (4097 - size)) + b"\r\n\r\n") == 414


@pytest.mark.parametrize("field", [b"A:" + b" " * 16000 + b"\x01", b"A: b" + b"\t " * 8000 + b"\x01"])
def test_no_field_takes_long_to_be_refused(field):
    """Quadratic patterns need a second for this; the bound is the CPU's, so that other processes do not matter."""
    begun = time.thread_time()
    assert refused(b"GET / HTTP/1.1\r\n" + field + b"\r\n\r\n") == 400
    assert time.thread_time() - begun < 0.2


def outcome(action: Callable[[], object]) -> int:
    """The status of a refusal; 0 where there was none. Anything else that is raised comes through."""
    try:
        action()
    except Refusal as refusal:
        assert refusal.answer().render()  # noqa: PT017
        return refusal.status
    return 0


@given(st.binary(min_size=1, max_size=400))
def test_no_bytes_raise_anything_else(data):
    reader = Reader(Limits(line=50, head=200, body=50))
    assert outcome(lambda: reader.feed(data)) in {0, 400, 411, 413, 414, 431, 505}


@given(st.text(max_size=60))
def test_no_query_raises_anything_else(text):
    assert outcome(lambda: fields(text)) in {0, 400}


@pytest.mark.parametrize("text", ["a", "a=1&a=2", "a=%ff", "&", "&".join(f"a{n}=1" for n in range(17))])
def test_unclear_parameters_are_refused(text):
    with pytest.raises(Refusal):
        fields(text)


def test_parameters_are_decoded():
    assert fields("") == {}
    assert fields("kind=cpu&name=a%20b+c&empty=") == {"kind": "cpu", "name": "a b c", "empty": ""}


def test_an_answer_tells_nothing_of_its_maker():
    head, _, body = told({"reason": "ä\n"}, 409).render().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 409 Conflict"
    names = {line.split(":")[0] for line in lines[1:]}
    assert not names & {"Server", "X-Powered-By", "Via"}
    assert {"Content-Length", "Date", "Connection", "X-Content-Type-Options"} <= names
    assert b"python" not in head.lower()
    assert body.isascii()


def test_head_has_no_body():
    assert Answer(200, b"x" * 10).render(bodiless=True).endswith(b"\r\n\r\n")
