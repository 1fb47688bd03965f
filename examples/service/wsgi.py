"""The shop for servers of many processes: `gunicorn -c examples/service/gunicorn.conf.py wsgi:application`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from app import ORDERS, total

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment


def answer() -> bytes:
    """What a customer asks for, and which worker has done it."""
    return json.dumps({"total": round(total(ORDERS[:2_000]), 2), "pid": os.getpid()}).encode()


def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [answer()]
