"""A registry that answers what it is told to, and remembers what it was asked with."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

Answer = tuple[int, Mapping[str, str], object]


class FakeRegistry:
    """Answers each GET and POST by a function of its path and its Authorization header."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        outer = self
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authorization = self.headers.get("Authorization", "")
                outer.asked.append((self.path, authorization))
                length = int(self.headers.get("Content-Length") or 0)
                outer.bodies.append(self.rfile.read(length).decode())
                status, headers, body = answer(self.path, authorization)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with suppress(OSError):  # who has seen enough hangs up
                    self.wfile.write(data)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.domain = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.domain}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]
