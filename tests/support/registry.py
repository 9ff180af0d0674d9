"""Registries for tests, on an Engine's own loopback, where no TLS is asked for."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engine import Engine


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
def a_registry(engine: Engine, folder: Path, address: str) -> Iterator[Registry]:
    """Debian's, for a while."""
    (folder / "config.yml").write_text(
        "version: 0.1\n"
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
            engine.fetch(f"http://{address}/v2/", timeout=30)
            yield Registry(address, engine)
        finally:
            process.kill()
            process.wait()
