"""
A small web shop that can be profiled while it runs: python examples/service/app.py [--port 8000] [--exports FOLDER]

    kill -USR2 PID      starts a recording, again ends it; the file appears in the folder
    GET /orders         what a customer asks for; slower than it should be

It prints its process id, its address and where to ask for a profile by HTTP. Ctrl-C or SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.profilers import CpuProfiler, WallProfiler
from openprofiling_ipy.triggers import HttpTrigger, SignalTrigger

chance = random.Random(7)
ORDERS = [{"number": n, "price": chance.uniform(1, 90), "country": chance.choice("DFIN")} for n in range(20_000)]


def vat(country: str) -> float:
    # A table that is read again for every order: what the profile will show.
    table = json.loads('{"D": 0.19, "F": 0.2, "I": 0.22, "N": 0.21}')
    return table[country]


def total(orders: list[dict]) -> float:
    return sum(order["price"] * (1 + vat(order["country"])) for order in orders)


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/orders":
            self.send_error(404)
            return
        body = json.dumps({"total": round(total(ORDERS[:2_000]), 2)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing: the requests of the example are many."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--exports", default="profiles")
    given = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Shop)
    # Before the agent is started, which passes the signal on. `shutdown` waits for `serve_forever`, on this thread.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    http = HttpTrigger(log_token=False)
    agent = ProfilingAgent(service="shop", attributes={"version": "1.4"})
    agent.register(SignalTrigger("SIGUSR2"), CpuProfiler())
    agent.register(http, CpuProfiler())
    agent.register(http, WallProfiler())
    with agent.start(exporter=given.exports):
        places = {"shop": server.server_port, "profiles": http.url, "token_file": str(http.token_file)}
        ready = {"pid": os.getpid(), **places}
        print(json.dumps(ready), flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


if __name__ == "__main__":
    main()
