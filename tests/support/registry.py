"""Registries for tests, on an Engine's own loopback, where no TLS is asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.engine import busybox_tar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engine import Engine


USER, PASSWORD = "somebody", "a-password-of-tests"
_HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuueA.5djcjiTIZGfiZPkCs0FT7mnizswe\n"


@dataclass(frozen=True)
class Registry:
    """One registry.

    Attributes:
        address: as in a reference.
        engine: on whose loopback it is.
    """

    address: str
    engine: Engine

    def push(self, name: str, page: str) -> str:
        """An image that only the registry has, with one page of text; its reference."""
        reference = f"{self.address}/{name}"
        self.engine.import_image(reference, {"/page": page})
        self.engine.docker("push", reference)
        self.engine.docker("rmi", reference)
        return reference

    def digest(self, reference: str) -> str:
        """The digest of what it has under a reference."""
        return str(self.engine.call("GET", f"/distribution/{reference}/json")["Descriptor"]["digest"])


@contextmanager
def a_registry(engine: Engine, folder: Path, address: str, *, private: bool = False) -> Iterator[Registry]:
    """Debian's, for a while; where it is private, for USER alone, as whom the Engine's own client is logged in."""
    (folder / "htpasswd").write_text(_HTPASSWD)
    users = f"auth: {{htpasswd: {{realm: tests, path: '{folder}/htpasswd'}}}}\n" if private else ""
    (folder / "config.yml").write_text(
        "version: 0.1\n"
        f"{users}"
        "log: {accesslog: {disabled: true}, level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: '{folder}/data'}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '{address}'}}\n"
    )
    command = shutil.which("docker-registry")
    assert command, "docker-registry is missing: apt-get install docker-registry"
    inside = ["nsenter", "-t", str(engine.pid), "-n", "--"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*inside, command, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
        try:
            if private:
                engine.run_inside(
                    "busybox", "sh", "-c", f"until nc {address.replace(':', ' ')} </dev/null; do sleep 0.1; done"
                )
                engine.docker("login", "-u", USER, "--password-stdin", address, given=PASSWORD.encode())
            else:
                engine.fetch(f"http://{address}/v2/")
            yield Registry(address, engine)
        finally:
            process.kill()
            process.wait()


FAULTY = """
import http.server, json, sys, time
from hashlib import sha256

address, fault, folder = sys.argv[1:]
HOST, _, PORT = address.rpartition(":")
layer = open(folder + "/layer.tar", "rb").read()
config = json.dumps({
    "architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(layer).hexdigest()]}, "history": [{}],
}).encode()
def blob(content, kind):
    return {"mediaType": kind, "size": len(content), "digest": "sha256:" + sha256(content).hexdigest()}
manifest = json.dumps({
    "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": blob(config, "application/vnd.docker.container.image.v1+json"),
    "layers": [blob(layer, "application/vnd.docker.image.rootfs.diff.tar")],
}).encode()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_error(self, *words):
        # Engines try TLS first, and only take an answer that begins with HTTP for a registry without it.
        self.request_version = "HTTP/1.1"
        super().send_error(*words)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        if fault == "hangs" and self.path != "/v2/":
            time.sleep(600)
        if "/manifests/" in self.path:
            # "other": what is asked for by digest is served as something else.
            content = manifest + b" " if fault == "other" and name.startswith("sha256:") else manifest
            self.answer(content, "application/vnd.docker.distribution.manifest.v2+json", sha256(content).hexdigest())
        elif "/blobs/" in self.path:
            content = config if sha256(config).hexdigest() in name else layer
            if fault == "corrupt" and content is layer:
                content = bytes(len(layer))
            half = fault in ("half", "stalls") and content is layer
            self.answer(content, "application/octet-stream", name[7:], half=half)
        else:
            self.answer(b"{}", "application/json", "")

    def answer(self, content, kind, digest, half=False):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        if digest:
            self.send_header("Docker-Content-Digest", "sha256:" + digest)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half and fault == "stalls":
            self.wfile.flush()
            time.sleep(600)
        if half:
            self.close_connection = True
            self.connection.close()

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer((HOST, int(PORT)), Handler).serve_forever()
"""


@contextmanager
def a_faulty_registry(engine: Engine, folder: Path, address: str, fault: str) -> Iterator[Registry]:
    """One that does something wrong: `half`, `stalls`, `corrupt`, `other`, `hangs`; or nothing: `none`."""
    (folder / "layer.tar").write_bytes(busybox_tar({"/page": fault}))
    inside = ["nsenter", "-t", str(engine.pid), "-n", "--", sys.executable, "-ISc", FAULTY]
    process = subprocess.Popen([*inside, address, fault, str(folder)])
    try:
        engine.fetch(f"http://{address}/v2/")
        yield Registry(address, engine)
    finally:
        process.kill()
        process.wait()
