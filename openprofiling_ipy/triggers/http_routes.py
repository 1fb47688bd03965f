"""What can be asked for: this package's own endpoints, and those that Go's tools expect (net/http/pprof)."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import (
    AgentError,
    AlreadyRunning,
    FormatError,
    NotRunning,
    OpenProfilingError,
    QueryError,
)
from openprofiling_ipy.triggers.http_message import Answer, Refusal, fields, told

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.triggers.base import Control
    from openprofiling_ipy.triggers.http_guard import Guard
    from openprofiling_ipy.triggers.http_message import Request

    Handler = Callable[[Control, Mapping[str, str], threading.Event], Answer]

__all__ = ["ROUTES", "Desk", "Route"]

_log = logging.getLogger(__name__)

_NUMBER = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,6})?")
#: As long as Go's own endpoint records where nobody says, in seconds.
_SECONDS = "30"
#: What an error of ours means to a client; the first that fits.
_STATUSES = (
    (AlreadyRunning, 409),
    (NotRunning, 409),
    (AgentError, 503),
    (QueryError, 400),
    (FormatError, 501),
)


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: what it takes, what it does, and what the index says about it."""

    method: str
    path: str
    parameters: tuple[str, ...]
    about: str
    handle: Handler


class Desk:
    """Finds for a request what will answer it, once the guard lets it pass."""

    def __init__(self, control: Control, guard: Guard) -> None:
        self._control = control
        self._guard = guard

    def route(self, request: Request, peer: str) -> Callable[[threading.Event], Answer]:
        """Return what will answer. Raises Refusal; nobody without a token learns which paths there are."""
        parameters = fields(request.query)
        self._guard.check(request, parameters, peer)
        parameters.pop("token", None)
        there = {route.method: route for route in ROUTES if route.path == (request.path.rstrip("/") or _INDEX)}
        if not there:
            raise Refusal(404, f"there is no such path: GET {_INDEX}/ lists those there are")
        if request.method not in there:
            allowed = ", ".join(there)
            raise Refusal(405, f"this path takes {allowed}", ("Allow", allowed))
        route = there[request.method]
        for name, value in _sent(request).items():
            if name in parameters:
                raise Refusal(400, f"the parameter {name} is given twice")
            parameters[name] = value
        for name in parameters:
            if name not in route.parameters:
                raise Refusal(400, f"this path takes no parameter {name!r}: {_listed(route.parameters)}")
        return partial(self._answer, route, parameters, peer)

    def _answer(self, route: Route, parameters: Mapping[str, str], peer: str, gone: threading.Event) -> Answer:
        answer = _handled(route, self._control, parameters, gone)
        # Only words of our own: what a client writes, and the token, never get into a log.
        level = logging.DEBUG if route.method == "GET" and answer.status == 200 else logging.INFO
        _log.log(level, "%s %s from %s: %d", route.method, route.path, peer, answer.status)
        return answer


def _handled(route: Route, control: Control, parameters: Mapping[str, str], gone: threading.Event) -> Answer:
    """Do it, and turn what it raises into an answer."""
    try:
        return route.handle(control, parameters, gone)
    except Refusal as refusal:
        return refusal.answer()
    except OpenProfilingError as error:
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
        return Refusal(status, str(error)).answer()
    except Exception:  # noqa: BLE001  # the agent's, a profiler's or a listener's: told here, and the program goes on
        _log.exception("%s %s failed", route.method, route.path)
        return Refusal(500, "it failed; the program's log says why").answer()


def _sent(request: Request) -> dict[str, str]:
    """Return the parameters in a body: a form's, as curl -d sends it, or a flat object of JSON."""
    if not request.body or request.method != "POST":
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind in {"", "application/x-www-form-urlencoded"}:
            return fields(request.body.decode("ascii"))
        if kind != "application/json":
            raise Refusal(415, "a body is a form or JSON here")
        given = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body cannot be read") from None
    if not isinstance(given, dict) or any(type(value) not in {str, int, float} for value in given.values()):
        raise Refusal(400, "the body is not one object of texts and numbers")
    return {name: str(value) for name, value in given.items()}


def _listed(names: tuple[str, ...]) -> str:
    return f"it takes {', '.join(names)}" if names else "it takes none"


def _number(name: str, text: str) -> float:
    """Read a positive number in plain digits. Raises Refusal."""
    if not _NUMBER.fullmatch(text) or not float(text):
        raise Refusal(400, f"{name}: give a number above 0, such as 10")
    return float(text)


def _numbers(parameters: Mapping[str, str], **called: str) -> dict[str, Any]:
    """Return those that are given, by what the agent calls them."""
    return {option: _number(name, parameters[name]) for name, option in called.items() if name in parameters}


def _facts(capture: Capture) -> dict[str, Any]:
    facts = {"kind": capture.kind, "number": capture.number, "name": capture.name, "status": capture.status}
    times = {"started_at": capture.started_at, "ended_at": capture.ended_at}
    return facts | {key: datetime.fromtimestamp(ns / 1e9, UTC).isoformat() for key, ns in times.items() if ns}


def _done(captures: list[Capture]) -> Answer:
    action = "started" if any(capture.status == "running" for capture in captures) else "stopped"
    return told({"action": action, "captures": [_facts(capture) for capture in captures]})


def _start(control: Control, parameters: Mapping[str, str], _gone: threading.Event) -> Answer:
    return _done(control.start(parameters.get("kind"), **_numbers(parameters, seconds="duration", rate="rate")))


def _stop(control: Control, parameters: Mapping[str, str], _gone: threading.Event) -> Answer:
    return _done(control.stop(parameters.get("kind")))


def _toggle(control: Control, parameters: Mapping[str, str], _gone: threading.Event) -> Answer:
    return _done(control.toggle(**_numbers(parameters, seconds="duration")))


def _status(control: Control, _parameters: Mapping[str, str], _gone: threading.Event) -> Answer:
    return told(control.status())


def _profile(control: Control, parameters: Mapping[str, str], gone: threading.Event) -> Answer:
    """Record while the client waits, and no longer than it waits."""
    seconds = _number("seconds", parameters.get("seconds", _SECONDS))
    kinds = control.kinds
    usual = "cpu" if "cpu" in kinds or not kinds else kinds[0]
    kind = parameters.get("kind", usual)
    if kind not in kinds:
        raise Refusal(400, f"this trigger does not record that kind: {_listed(kinds)}")
    data = control.collect(kind, seconds, "pprof", gone=gone, **_numbers(parameters, rate="rate"))
    name = ("Content-Disposition", f'attachment; filename="{kind}.pb.gz"')
    return Answer(200, data, "application/octet-stream", (name,))


def _heap(_control: Control, _parameters: Mapping[str, str], _gone: threading.Event) -> Answer:
    raise Refusal(501, "memory cannot be profiled yet; GET /debug/pprof/profile records time")


def _index(control: Control, _parameters: Mapping[str, str], _gone: threading.Event) -> Answer:
    paths = [
        {"method": r.method, "path": r.path + "/" * (r.path == _INDEX), "parameters": r.parameters, "about": r.about}
        for r in ROUTES
    ]
    return told({"kinds": control.kinds, "paths": paths})


_INDEX = "/debug/pprof"
ROUTES = (
    Route("POST", "/start", ("kind", "seconds", "rate"), "begin to record, until POST /stop or for so long", _start),
    Route("POST", "/stop", ("kind",), "end what is recorded, and export it", _stop),
    Route("POST", "/toggle", ("seconds",), "begin to record, or end and export what runs", _toggle),
    Route("GET", "/status", (), "what is armed, what runs, what was sent", _status),
    Route("GET", _INDEX, (), "this list", _index),
    Route("GET", "/debug/pprof/profile", ("seconds", "kind", "rate"), "record, and answer with a pprof file", _profile),
    Route("GET", "/debug/pprof/heap", ("seconds", "gc", "debug"), "memory: not yet, 501", _heap),
)
