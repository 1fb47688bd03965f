"""The server over real sockets: endpoints, refusals, slow and vanishing clients, and what is left afterwards."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import socket
import stat
import subprocess
import sys
import threading
import time

import psutil
import pytest

from openprofiling_ipy.errors import (
    AgentError,
    AlreadyRunning,
    InvalidOption,
    ProfilerUnavailable,
    QueryError,
    TriggerUnavailable,
    UnknownFormat,
)
from openprofiling_ipy.triggers.base import Trigger
from openprofiling_ipy.triggers.http import CLOSE_TIME, HttpTrigger
from openprofiling_ipy.triggers.http_message import Limits
from openprofiling_ipy.triggers.http_routes import ROUTES
from tests.triggers.http_client import FakeControl, ask, connect, everything, raw, status_of, until
from tests.triggers.http_service import ROOT

PROFILE = "/debug/pprof/profile"


@pytest.fixture
def control():
    return FakeControl()


@pytest.fixture
def trigger(control):
    with_it = HttpTrigger()
    with_it.arm(control)
    yield with_it
    with_it.disarm()


def get(path: str, trigger: HttpTrigger, *, token: bool = True, rest: str = "") -> bytes:
    credentials = f"Authorization: Bearer {trigger.token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{credentials}{rest}\r\n".encode()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("openprofiling-http")]


def open_files() -> int:
    return psutil.Process().num_fds()


# Endpoints.


def test_it_is_a_trigger(trigger):
    checked: Trigger = trigger
    assert checked.name == "http"


def test_start_status_stop(trigger, control):
    started = ask(trigger, "POST", "/start?kind=wall&rate=50&seconds=60")
    assert started.status == 200
    assert started.json["action"] == "started"
    assert started.json["captures"][0]["kind"] == "wall"
    assert started.json["captures"][0]["started_at"].startswith("2026-11-23T")
    assert ask(trigger, "GET", "/status").json == {"service": "shop", "running": []}
    assert ask(trigger, "POST", "/start").status == 409
    assert ask(trigger, "POST", "/stop").json["action"] == "stopped"
    assert ask(trigger, "POST", "/stop").status == 409
    assert control.asked[0] == ("start", "wall", {"duration": 60.0, "rate": 50.0})


def test_one_url_starts_and_stops(trigger):
    assert [ask(trigger, "POST", "/toggle").json["action"] for _ in range(3)] == ["started", "stopped", "started"]


def test_a_profile(trigger, control):
    answer = ask(trigger, "GET", f"{PROFILE}?seconds=0.05")
    assert (answer.status, answer.body) == (200, control.data)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cpu.pb.gz"'
    assert control.asked == [("collect", "cpu", 0.05, "pprof", {})]


def test_a_profile_of_another_kind(trigger, control):
    assert ask(trigger, "GET", f"{PROFILE}?seconds=0.05&kind=wall&rate=10").status == 200
    assert control.asked == [("collect", "wall", 0.05, "pprof", {"rate": 10.0})]


def test_the_kind_that_is_there_needs_no_name(trigger, control):
    control.kinds = ("wall",)
    assert ask(trigger, "GET", f"{PROFILE}?seconds=0.05").status == 200
    assert control.asked[0][1] == "wall"


def test_the_token_may_stand_in_the_query(trigger):
    assert ask(trigger, "GET", f"/status?token={trigger.token}", token=None).status == 200


@pytest.mark.parametrize("path", ["/debug/pprof/", "/debug/pprof", "/"])
def test_the_index_says_what_there_is(trigger, control, path):
    said = ask(trigger, "GET", path).json
    assert said["kinds"] == ["cpu", "wall"]
    assert [entry["path"].rstrip("/") for entry in said["paths"]] == [route.path for route in ROUTES]
    assert control.asked == []


def test_memory_is_not_profiled_yet(trigger):
    answer = ask(trigger, "GET", "/debug/pprof/heap?gc=1")
    assert answer.status == 501
    assert "/debug/pprof/profile" in answer.json["reason"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"kind=wall&rate=7"),
        ("application/json", b'{"kind": "wall", "rate": 7}'),
        ("application/json; charset=utf-8", b'{"kind": "wall", "rate": "7.0"}'),
    ],
)
def test_parameters_may_come_in_the_body(trigger, control, kind, body):
    assert ask(trigger, "POST", "/start", body=body, Content_Type=kind).status == 200
    assert control.asked == [("start", "wall", {"rate": 7.0})]


# Refusals: each with a reason in JSON, and nothing is done.


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/start", 405),
        ("GET", "/stop", 405),
        ("GET", "/toggle", 405),
        ("PUT", "/start", 405),
        ("OPTIONS", "/start", 405),
        ("POST", "/status", 405),
        ("POST", PROFILE, 405),
        ("GET", "/nowhere", 404),
        ("GET", "/debug/pprof/goroutine", 404),
        ("GET", "/%73tatus", 404),
        ("GET", "//status", 404),
        ("GET", f"{PROFILE}?seconds=0", 400),
        ("GET", f"{PROFILE}?seconds=-1", 400),
        ("GET", f"{PROFILE}?seconds=nan", 400),
        ("GET", f"{PROFILE}?seconds=1e9", 400),
        ("GET", f"{PROFILE}?seconds=%D9%A1", 400),
        ("GET", f"{PROFILE}?seconds=1&seconds=1", 400),
        ("GET", f"{PROFILE}?second=1", 400),
        ("GET", f"{PROFILE}?seconds=1&kind=heap", 400),
        ("POST", "/start?scope=x", 400),
        ("POST", "/start?rate=fast", 400),
        ("POST", "/start?seconds=0", 400),
        ("POST", "/toggle?kind=cpu", 400),
        ("POST", "/start?%ff=1", 400),
    ],
)
def test_what_cannot_be_done_is_refused(trigger, control, method, path, status):
    answer = ask(trigger, method, path)
    assert answer.status == status
    assert answer.json["status"] == status
    assert answer.json["reason"]
    assert ("Allow" in answer.headers) == (status == 405)
    assert control.asked == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/xml", b"<a/>", 415),
        ("application/json", b"[1]", 400),
        ("application/json", b"{", 400),
        ("application/json", b"[" * 4000, 400),
        ("application/json", b'{"rate": true}', 400),
        ("application/json", b'{"rate": NaN}', 400),
        ("application/json", b"\xff", 400),
        ("application/x-www-form-urlencoded", "kind=ä".encode(), 400),
        ("application/x-www-form-urlencoded", b"a" * 4097, 413),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(trigger, control, kind, body, status):
    assert ask(trigger, "POST", "/start", body=body, Content_Type=kind).status == status
    assert control.asked == []


def test_a_parameter_comes_once(trigger, control):
    form = "application/x-www-form-urlencoded"
    assert ask(trigger, "POST", "/start?kind=cpu", body=b"kind=wall", Content_Type=form).status == 400
    assert control.asked == []


@pytest.mark.parametrize("path", ["/start", "/nowhere", PROFILE, "/debug/pprof/"])
@pytest.mark.parametrize("token", [None, "wrong", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_token_every_path_looks_the_same(trigger, control, method, path, token):
    answer = ask(trigger, method, path, token=token)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["reason"]
    assert control.asked == []


def test_other_web_sites_are_refused(trigger, control):
    assert ask(trigger, "POST", "/start", Host="evil.example").status == 403
    assert ask(trigger, "POST", "/start", Origin="http://evil.example").status == 403
    assert ask(trigger, "GET", PROFILE, Sec_Fetch_Site="same-site").status == 403
    assert control.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AlreadyRunning("cpu"), 409),
        (ProfilerUnavailable("cpu", "no", "none"), 503),
        (AgentError("stopped"), 503),
        (QueryError("no"), 400),
        (UnknownFormat("pprof", ()), 501),
        (RuntimeError("secret of the program"), 500),
    ],
)
def test_errors_become_answers(trigger, control, error, status, caplog):
    control.error = error
    answer = ask(trigger, "GET", f"{PROFILE}?seconds=1")
    assert answer.status == status
    assert "secret" not in answer.json["reason"]
    assert ("secret" in caplog.text) == (status == 500)


def test_no_answer_tells_what_serves_it(trigger):
    for method, path in (("GET", "/status"), ("GET", "/nowhere"), ("PUT", "/start")):
        answer = ask(trigger, method, path)
        assert "Server" not in answer.headers
        assert "python" not in str(answer.headers).lower()
        assert answer.headers["Cache-Control"] == "no-store"


def test_head_is_answered_without_a_body(trigger):
    head, _, body = raw(trigger, get("/status", trigger).replace(b"GET", b"HEAD")).partition(b"\r\n\r\n")
    assert status_of(head) == 405
    assert body == b""


# Slow clients, many clients, clients that vanish.


def slowly(**limits: float) -> HttpTrigger:
    return HttpTrigger(limits=Limits(**{"request_time": 0.3, "linger_time": 0.2, **limits}))


def drip(sock: socket.socket) -> None:
    for _ in range(500):
        sock.send(b"G")
        time.sleep(0.02)


def test_a_request_has_to_come_in_time(control):
    trigger = slowly()
    trigger.arm(control)
    try:
        # Each byte comes well before the one before it would be missed: the time is the whole request's.
        with connect(trigger) as sock, pytest.raises(ConnectionError):
            drip(sock)
        with connect(trigger) as sock:
            sock.sendall(b"GET /status HTTP/1.1\r\nHost: ")
            assert status_of(everything(sock)) == 408
        assert ask(trigger, "GET", "/status").status == 200
    finally:
        trigger.disarm()


def test_slow_clients_give_way_to_those_who_speak(control):
    trigger = HttpTrigger(limits=Limits(connections=8, request_time=600.0))
    trigger.arm(control)
    slow = [connect(trigger) for _ in range(40)]
    try:
        for sock in slow:
            sock.sendall(b"GET /sta")
        assert ask(trigger, "GET", "/status").status == 200
        assert status_of(everything(slow[0])) == 503
    finally:
        for sock in slow:
            sock.close()
        trigger.disarm()


def test_more_calls_than_may_be_wait_outside(control):
    trigger = HttpTrigger(limits=Limits(calls=2))
    trigger.arm(control)
    waiting = [connect(trigger) for _ in range(2)]
    try:
        for sock in waiting:
            sock.sendall(get(f"{PROFILE}?seconds=600", trigger))
        until(lambda: len(control.asked) == 2)
        answer = ask(trigger, "GET", "/status")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    finally:
        for sock in waiting:
            sock.close()
        until(lambda: threads() == ["openprofiling-http"])
        assert ask(trigger, "GET", "/status").status == 200
        trigger.disarm()


def test_a_profile_being_taken_keeps_nobody_waiting(trigger, control):
    with connect(trigger) as sock:
        sock.sendall(get(f"{PROFILE}?seconds=600", trigger))
        assert control.collecting.wait(30)
        assert ask(trigger, "GET", "/status").status == 200
        assert not control.ended_early.is_set()


@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_goes_away_ends_its_recording(trigger, control, reset):
    sock = connect(trigger)
    sock.sendall(get(f"{PROFILE}?seconds=600", trigger))
    assert control.collecting.wait(30)
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    assert control.ended_early.wait(30)
    until(lambda: threads() == ["openprofiling-http"])


def test_a_client_that_only_listens_on_has_its_answer(trigger):
    with connect(trigger) as sock:
        sock.sendall(get("/status", trigger))
        sock.shutdown(socket.SHUT_WR)
        assert status_of(everything(sock)) == 200


def test_a_large_profile_goes_to_a_slow_reader(trigger, control):
    control.data = os.urandom(1 << 20) * 8
    with connect(trigger) as sock:
        sock.sendall(get(f"{PROFILE}?seconds=0.01", trigger))
        time.sleep(0.2)
        assert ask(trigger, "GET", "/status").status == 200
        assert everything(sock).partition(b"\r\n\r\n")[2] == control.data


def test_a_reader_that_stands_still_is_cut_off(control):
    control.data = bytes(1 << 25)
    trigger = slowly(send_time=0.2)
    trigger.arm(control)
    try:
        with connect(trigger) as sock:
            sock.sendall(get(f"{PROFILE}?seconds=0.01", trigger))
            until(lambda: len(trigger._server._connections) == 1)
            until(lambda: len(trigger._server._connections) == 0)
            assert received(sock) < len(control.data)
    finally:
        trigger.disarm()


def received(sock: socket.socket) -> int:
    """How many bytes come before the end, however that comes."""
    count = 0
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65536):
            count += len(piece)
    return count


def test_bytes_behind_a_request_do_no_harm(trigger):
    with connect(trigger) as sock:
        sock.sendall(get("/status", trigger) * 50)
        assert status_of(everything(sock)) == 200


def test_too_many_bytes_get_their_answer_before_the_end(trigger):
    """The reason must arrive although the client had more to say."""
    answer = raw(trigger, b"POST /start HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000)
    assert status_of(answer) == 413


# Where it listens, and who may know the token.


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"])
def test_elsewhere_only_with_a_token(host):
    with pytest.raises(InvalidOption, match="token"):
        HttpTrigger(host)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"host": ""}, "host"),
        ({"port": 65536}, "port"),
        ({"port": True}, "port"),
        ({"port": "80"}, "port"),
        ({"token": ""}, "token"),
        ({"token": "short"}, "token"),
        ({"token": "with space"}, "token"),
        ({"token": "line\nbreak"}, "token"),
        ({"token": "ünïcödé-token"}, "token"),
    ],
)
def test_options_that_will_not_do(options, word):
    with pytest.raises(InvalidOption) as raised:
        HttpTrigger(**options)
    assert raised.value.option == word
    assert word != "token" or options["token"] == "" or options["token"] not in str(raised.value)


def test_elsewhere_with_a_token(control):
    trigger = HttpTrigger("0.0.0.0", token="a-long-enough-token", names=("profiles.example",))
    trigger.arm(control)
    try:
        assert ask(trigger, "GET", "/status").status == 200
        assert ask(trigger, "GET", "/status", Host="profiles.example").status == 200
        assert ask(trigger, "GET", "/status", Host=socket.gethostname()).status == 200
        assert ask(trigger, "GET", "/status", Host="other.example").status == 403
        assert socket.gethostname() in trigger.url
        assert trigger.token_file is None
    finally:
        trigger.disarm()


def test_localhost_needs_no_token(control):
    trigger = HttpTrigger("localhost")
    trigger.arm(control)
    try:
        assert trigger.url == f"http://localhost:{trigger.port}"
        with socket.create_connection(("localhost", trigger.port), timeout=30) as sock:
            sock.sendall(get("/status", trigger))
            assert status_of(everything(sock)) == 200
    finally:
        trigger.disarm()


def test_the_newer_kind_of_address(control):
    trigger = HttpTrigger("::1")
    try:
        trigger.arm(control)
    except TriggerUnavailable:
        pytest.skip("no IPv6 here")
    try:
        assert trigger.url == f"http://[::1]:{trigger.port}"
        with socket.create_connection(("::1", trigger.port), timeout=30) as sock:
            sock.sendall(get("/status", trigger).replace(b"localhost", b"[::1]"))
            assert status_of(everything(sock)) == 200
    finally:
        trigger.disarm()


@pytest.mark.parametrize("host", ["ünïcödé", "a" * 300])
def test_a_host_that_is_none_is_one_clear_error(host, control):
    with pytest.raises(TriggerUnavailable):
        HttpTrigger(host, token="given-by-somebody").arm(control)


def test_a_taken_port_is_one_clear_error(trigger):
    second = HttpTrigger(port=trigger.port)
    with pytest.raises(TriggerUnavailable, match=r"in use.*port 0"):
        second.arm(FakeControl())
    assert not second.armed
    second.disarm()


def test_it_is_armed_once(trigger, control):
    with pytest.raises(TriggerUnavailable, match="armed already"):
        trigger.arm(control)


def test_the_token_is_random_and_only_in_its_file(control):
    first, second = HttpTrigger(), HttpTrigger()
    assert first.token != second.token
    assert len(first.token) == 48
    assert first.token not in repr(first)
    first.arm(control)
    try:
        path = first.token_file
        assert path is not None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        said = json.loads(path.read_text())
        assert said == {"url": first.url, "token": first.token, "pid": os.getpid()}
        assert first.token not in json.dumps(first.describe())
        assert str(path) in json.dumps(first.describe())
    finally:
        first.disarm()
    assert not path.exists()


@pytest.mark.parametrize(("options", "kernel"), [({}, False), ({}, True), ({"log_token": False}, False)])
def test_the_log_says_where_it_is(control, caplog, monkeypatch, options, kernel):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    if kernel:
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
    trigger = HttpTrigger(**options)
    with caplog.at_level(logging.DEBUG):
        trigger.arm(control)
        url, path = trigger.url, str(trigger.token_file)
        trigger.disarm()
    assert url in caplog.text
    assert path in caplog.text
    assert (trigger.token in caplog.text) == (not options and not kernel)
    assert {record.levelname for record in caplog.records} == {"INFO"}


@pytest.mark.parametrize("options", ["", "log_token=False"])
def test_where_no_logging_is_set_up_the_token_is_seen_all_the_same(options):
    code = f"""
from openprofiling_ipy.triggers import HttpTrigger
from tests.triggers.http_client import FakeControl
trigger = HttpTrigger({options})
trigger.arm(FakeControl())
print(trigger.token)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout.strip() in done.stderr) == (not options)
    assert bool(done.stderr) == (not options)


def test_a_given_token_is_neither_logged_nor_written(control, caplog):
    with caplog.at_level(logging.DEBUG):
        trigger = HttpTrigger(token="given-by-somebody")
        trigger.arm(control)
        assert ask(trigger, "GET", f"/status?token={trigger.token}").status == 200
        trigger.disarm()
    assert trigger.token_file is None
    assert trigger.token not in caplog.text


def test_without_a_folder_it_works_and_says_so(control, caplog, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    trigger = HttpTrigger()
    trigger.arm(control)
    try:
        assert "cannot be written" in caplog.text
        assert trigger.token_file is None
        assert ask(trigger, "GET", "/status").status == 200
    finally:
        trigger.disarm()


def test_requests_leave_nothing_of_theirs_in_the_log(trigger, caplog):
    with caplog.at_level(logging.DEBUG):
        ask(trigger, "GET", f"/evil%0aline?token={trigger.token}")
        ask(trigger, "POST", f"/start?token={trigger.token}&kind=evil")
        ask(trigger, "POST", "/start", Host="evil.example")
        raw(trigger, b"GET /evil\x1b[31m HTTP/1.1\r\n\r\n")
    assert "POST /start" in caplog.text
    assert "evil" not in caplog.text
    assert trigger.token not in caplog.text


# What is left afterwards.


def test_disarm_ends_in_time_with_clients_that_hang(control):
    gc.collect()
    before = open_files()
    trigger = HttpTrigger(limits=Limits(request_time=600.0, send_time=600.0))
    trigger.arm(control)
    control.data = bytes(1 << 25)
    hanging = [connect(trigger) for _ in range(10)]
    try:
        for sock in hanging[:5]:
            sock.sendall(b"GET /sta")
        hanging[5].sendall(get(f"{PROFILE}?seconds=600", trigger))
        until(lambda: control.asked)
        hanging[6].sendall(get(f"{PROFILE}?seconds=0.01", trigger))
        until(lambda: len(control.asked) == 2)
        began = time.monotonic()
        trigger.disarm()
        # Twice as long as it may take: this machine may be busy, and clients wait for 600 s.
        assert time.monotonic() - began < 2 * CLOSE_TIME
        until(lambda: threads() == [])
        with pytest.raises(ConnectionError):
            connect(trigger)
    finally:
        for sock in hanging:
            sock.close()
    until(lambda: open_files() == before)


def test_disarm_lets_an_answer_under_way_arrive(trigger, control):
    with connect(trigger) as sock:
        sock.sendall(get(f"{PROFILE}?seconds=600", trigger))
        assert control.collecting.wait(30)
        trigger.disarm()
        assert everything(sock).endswith(control.data)


def test_disarm_again_does_nothing(trigger):
    trigger.disarm()
    trigger.disarm()


def test_disarm_from_a_call(trigger, control):
    """A listener of the agent runs on the thread of the request that ended a recording, and may end the agent."""
    control.status = lambda: trigger.disarm() or {}
    with connect(trigger) as sock:
        sock.sendall(get("/status", trigger))
        everything(sock)
    until(lambda: threads() == [])


def test_it_can_be_armed_again_and_again(control):
    trigger = HttpTrigger()
    trigger.arm(control)
    trigger.disarm()
    gc.collect()
    before = open_files()
    for _ in range(20):
        trigger.arm(control)
        assert ask(trigger, "GET", "/status").status == 200
        trigger.disarm()
    assert (open_files(), threads()) == (before, [])


def test_a_server_whose_sockets_are_closed_ends_without_harm(control, caplog):
    """As daemons do that close every descriptor when they detach."""
    trigger = HttpTrigger()
    trigger.arm(control)
    # Closing an epoll does not wake who waits at it: somebody has to connect.
    trigger._server._selector.close()
    with contextlib.suppress(OSError):
        connect(trigger).close()
    until(lambda: not trigger.armed)
    assert "has ended" in caplog.text
    trigger.disarm()
    assert threads() == []
