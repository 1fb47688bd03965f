"""The same for uvicorn workers: `gunicorn -k uvicorn.workers.UvicornWorker -c ... asgi:application`."""

from __future__ import annotations

from typing import Any

from wsgi import answer


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": answer()})
