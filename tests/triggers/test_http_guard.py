"""Only who has the token, means this server, and comes from no other web site."""

from __future__ import annotations

import logging

import pytest

from openprofiling_ipy.triggers.http_guard import Guard
from openprofiling_ipy.triggers.http_message import Refusal, Request

TOKEN = "0123456789abcdef"
HOST = {"host": "127.0.0.1:6060"}
RIGHT = {**HOST, "authorization": f"Bearer {TOKEN}"}


def verdict(headers: dict[str, str], guard: Guard | None = None, **parameters: str) -> int:
    """The status with which a request is refused, 0 where it may pass."""
    try:
        (guard or Guard(TOKEN, ("build-7",))).check(Request("GET", "/", headers=headers), parameters, "127.0.0.1")
    except Refusal as refusal:
        return refusal.status
    return 0


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token", "Token"])
def test_the_token_as_header(scheme):
    assert verdict({**HOST, "authorization": f"{scheme} {TOKEN}"}) == 0


def test_the_token_in_the_query():
    assert verdict(HOST, token=TOKEN) == 0


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN} x"],
)
def test_other_headers_do_not_pass(header):
    assert verdict({**HOST, "authorization": header}) == 401
    # Not even where the query would: whoever sends a wrong one is not who it says.
    assert verdict({**HOST, "authorization": header}, token=TOKEN) == 401


@pytest.mark.parametrize("token", ["", "x", TOKEN.upper(), TOKEN + "\0", "ä" * 16, "\u0131"])
def test_other_parameters_do_not_pass(token):
    assert verdict(HOST, token=token) == 401


def test_nothing_does_not_pass():
    assert verdict(HOST) == 401


def test_tokens_are_compared_in_constant_time_and_nowhere_else(monkeypatch):
    """What compare_digest says of the two, as bytes, is the whole of it."""
    compared = []

    def compare_digest(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return True

    monkeypatch.setattr("hmac.compare_digest", compare_digest)
    assert verdict(HOST, token="ä") == 0
    assert verdict({**HOST, "authorization": "Bearer \xe4"}) == 0
    assert compared == [("ä".encode(), TOKEN.encode()), (b"\xe4", TOKEN.encode())]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:80", "localhost:6060", "LOCALHOST", "[::1]:6060", "10.0.0.7:6060", "build-7:1"]
)
def test_names_that_are_this_server(host):
    assert verdict({**RIGHT, "host": host}) == 0


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("", 400),
        ("evil.example", 403),
        ("evil.example:6060", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.1", 403),
        ("2130706433", 403),
        ("0x7f.0.0.1", 403),
        ("[::1", 400),
        ("[evil]", 400),
        ("[1:2]", 403),
        ("127.0.0.1@evil.example", 400),
        ("a b", 400),
        ("127.0.0.1:", 400),
        ("127.0.0.1:999999", 400),
        ("ä", 400),
    ],
)
def test_names_that_may_be_anybodys(host, status):
    assert verdict({**RIGHT, "host": host}) == status


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", ""),
        ("origin", "http://127.0.0.1:8888"),
        ("origin", "http://127.0.0.1:6060.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", ""),
    ],
)
def test_other_sites_are_refused_with_the_token_too(name, value):
    assert verdict({**RIGHT, name: value}) == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origin", "http://127.0.0.1:6060"),
        ("origin", "https://127.0.0.1:6060"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-site", "same-origin"),
    ],
)
def test_its_own_site_is_none_of_them(name, value):
    assert verdict({**RIGHT, name: value}) == 0


def test_refusals_are_counted_and_warned_of_once_a_minute(caplog):
    guard = Guard(TOKEN)
    with caplog.at_level(logging.DEBUG):
        for n in range(50):
            assert verdict({**HOST, "authorization": f"Bearer \x1b[31mevil{n}"}, guard) == 401
    assert guard.refused == 50
    assert len(caplog.records) == 1
    assert "evil" not in caplog.text
