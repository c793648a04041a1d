"""A small hub on this machine that can be told to misbehave, one answer after the other."""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from inference.hub import registry

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def unpin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalogue's models be whatever this hub has under their names."""
    models = [
        replace(model, parts=tuple(replace(part, revision=None, known={}) for part in model.parts))
        for model in registry.CATALOGUE
    ]
    monkeypatch.setattr(registry, "CATALOGUE", tuple(models))


@dataclass
class Fault:
    """What happens to one answer for a file's bytes, or for the listing."""

    kind: str  # status, cut, wrong bytes, longer, shorter, whole, elsewhere, hang, page
    status: int = 0
    after: int = 0  # bytes sent before it happens
    headers: dict[str, str] = field(default_factory=dict)


class Hub:
    """Repositories by name; ``faults`` are used up one per answer, files' and listings' apart."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.small: set[str] = set()  # paths not kept as large files: no SHA-256 is stated
        self.faults: list[Fault] = []
        self.listing_faults: list[Fault] = []
        self.token = ""  # where set, files are handed out to this one only
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.sent_bytes = 0
        self.stated: dict[str, dict[str, Any]] = {}  # what is stated wrongly of a path
        self.release = threading.Event()  # ends every "hang"
        self.hanging = threading.Event()
        self.url = ""

    def ranges(self) -> list[str]:
        """The ranges asked for, in order; empty where the whole file was."""
        return [headers.get("range", "") for path, headers in self.requests if "/resolve/" in path]

    def listing(self, repo: str) -> dict[str, Any]:
        siblings = []
        for path, data in self.repos[repo].items():
            git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            entry: dict[str, Any] = {"rfilename": path, "size": len(data), "blobId": git}
            if path not in self.small:
                entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            siblings.append(entry | self.stated.get(path, {}))
        return {"id": repo, "sha": COMMIT, "siblings": siblings}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def handle(self) -> None:
        with suppress(ConnectionError):  # the other side has gone without reading to the end
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        hub = self.hub
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        hub.requests.append((path, {key.lower(): value for key, value in self.headers.items()}))
        if path.startswith("/api/models/"):
            self._list(path.removeprefix("/api/models/").partition("/revision/")[0])
        else:
            repo, _, rest = path.removeprefix("/").partition("/resolve/")
            self._file(repo, rest.partition("/")[2])

    def _list(self, repo: str) -> None:
        fault = self.hub.listing_faults.pop(0) if self.hub.listing_faults else None
        if fault is not None and fault.kind == "status":
            self._answer(fault.status, b"no", fault.headers)
        elif fault is not None and fault.kind == "page":
            self._answer(200, b"<html>Please log in to this network</html>", {"Content-Type": "text/html"})
        elif repo not in self.hub.repos:
            self._answer(404, b"no")
        else:
            self._answer(200, json.dumps(self.hub.listing(repo)).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: str, path: str) -> None:
        hub = self.hub
        data = hub.repos.get(repo, {}).get(path)
        fault = hub.faults.pop(0) if hub.faults else Fault("")
        if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            self._answer(401, b"who are you?")
        elif fault.kind == "status":
            self._answer(fault.status, b"no", fault.headers)
        elif data is None:
            self._answer(404, b"no")
        else:
            self._send(data, fault)

    def _send(self, data: bytes, fault: Fault) -> None:
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if self.headers.get("If-Range", etag) != etag or fault.kind == "whole":
            asked, start = "", 0
        if start >= len(data) and asked:
            self._answer(416, b"")
            return
        body = data[start:]
        headers = {"ETag": etag, "Accept-Ranges": "bytes"}
        if asked:
            claimed = start + 7 if fault.kind == "elsewhere" else start
            headers["Content-Range"] = f"bytes {claimed}-{len(data) - 1}/{len(data)}"
        if fault.kind == "wrong bytes":
            body = bytes(byte ^ 0x55 for byte in body)
        elif fault.kind == "longer":
            body += b"more than was stated"
        elif fault.kind == "shorter":
            body = body[: fault.after]
        status = 206 if asked else 200
        if fault.kind in ("cut", "hang"):
            self._begin(status, len(body), headers)
            self._write(body[: fault.after])
            if fault.kind == "hang":
                self.hub.hanging.set()
                self.hub.release.wait(20)
            self.close_connection = True
            return
        self._answer(status, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._begin(status, len(body), headers or {})
        self._write(body)

    def _begin(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _write(self, body: bytes) -> None:
        try:
            self.wfile.write(body)
            self.wfile.flush()
            self.hub.sent_bytes += len(body)
        except OSError:
            self.close_connection = True  # the other side has gone


@contextmanager
def serve() -> Iterator[Hub]:
    """A hub that answers until the block ends."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # joined below
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="hub")
    thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
