"""Configs and secrets at the edge: read, and put where containers find them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.engine.given_by_compose import GivenByCompose
from reconciler.engine.replies import inspected
from reconciler.errors import EngineError
from reconciler.fields import ownership
from reconciler.spec.contents import granted
from reconciler.spec.ours import OurPath
from reconciler.state.contents import Held, View, key_of

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.engine.here import Here
    from reconciler.engine.reading import Reading
    from reconciler.planning.actions import ContentFile, CopyContents, RemoveContents, WriteContents
    from reconciler.spec.model import Config, Secret, Spec
    from reconciler.state.snapshot import ContainerState

_MOST = 16 << 20
"""Bytes of a content: more is data, and no config."""

_MEMORY_INFO = Path("/proc/meminfo")
_COPY_SECONDS = 120.0

_FOLDERS = threading.Lock()
"""Held while a folder is made and filled, so that nobody removes it in between for being empty."""


@dataclass(frozen=True, slots=True)
class OfContents:
    """What was observed; as in `Snapshot`."""

    contents: dict[str, Held] = field(default_factory=dict)
    revealed: dict[tuple[str, str], str] = field(default_factory=dict)
    unlabelled: dict[str, dict[str, str]] = field(default_factory=dict)
    view: View = field(default_factory=View)


def contents_of(spec: Spec, here: Here) -> dict[str, Held]:
    """What the configs and secrets hold that the spec's containers are given, by section and name: `configs.site`.

    Args:
        spec: whose files and variables are read.
        here: has the key of the digests.
    """
    return {
        f"{section}.{name}": _held(spec.name, f"{section}.{name}", one, here) for section, name, one in granted(spec)
    }


def _held(project: str, path: str, content: Config | Secret, here: Here) -> Held:
    try:
        data = _data(content)
    except EngineError as error:
        return Held(problem=error.message, hint=error.hint)
    return Held(_digest(project, path, data, here), data)


def _digest(project: str, path: str, data: bytes, here: Here) -> str:
    if not path.startswith("secrets."):
        return f"sha256:{hashlib.sha256(data).hexdigest()}"
    import hmac  # only who has secrets pays

    # With its name: that two secrets are the same is nobody's business.
    message = f"{project}/{path}".encode() + b"\0" + data
    return f"{here.key_id}:{hmac.digest(here.key, message, 'sha256').hex()}"


class ContentsObserver:
    """Looks at what the configs and secrets of a project hold, and at where they lie."""

    def __init__(self, reading: Reading, project: str, spec: Spec | None, here: Here) -> None:
        self._reading = reading
        self._project = project
        self._here = here
        self._spec = spec
        self._grants = bool(spec and any(granted(spec)))
        self._binds = any(
            isinstance(mount.source, OurPath)
            for container in (spec.containers.values() if spec else ())
            for mount in container.volumes
        )

    def finish(self, containers: Collection[ContainerState], own: str, pool: Executor) -> OfContents:
        """Look.

        Args:
            containers: the project's, and those that may be taken over.
            own: the ID of the container that we run in; empty for none.
            pool: for several calls at once.
        """
        having = [one for one in containers if {ownership.CONFIGS, ownership.SECRETS} & one.labels.keys()]
        if not (self._grants or having or (self._folder and self._folder.is_dir())):
            return OfContents(view=self._place(own) if self._binds else View())
        contents = contents_of(self._spec, self._here) if self._spec else {}
        view = self._view(own)
        unlabelled = GivenByCompose(self._spec, contents, view).found(containers, self._file, self._digest, pool)
        return OfContents(contents, self._revealed(contents, having, pool), unlabelled, view)

    def _revealed(
        self, contents: Mapping[str, Held], having: list[ContainerState], pool: Executor
    ) -> dict[tuple[str, str], str]:
        """The digests of the real contents of secrets that another key was used for."""
        asked: dict[tuple[str, str], str] = {}
        for container in having:
            for name, files in ownership.contents(container.labels, ownership.SECRETS).items():
                path = f"secrets.{name}"
                if path in contents and files and key_of(files[0].get("digest", "")) != self._here.key_id:
                    asked[container.id, files[0]["target"]] = path
        read = pool.map(lambda one: self._file(*one), asked)
        return {
            one: self._digest(path, file.data)
            for (one, path), file in zip(asked.items(), read, strict=True)
            if file is not None
        }

    def _digest(self, path: str, data: bytes) -> str:
        return _digest(self._project, path, data, self._here)

    def _file(self, container: str, target: str) -> ContentFile | None:
        """A file in a container; None where that can't be known."""
        import tarfile

        from reconciler.planning.actions import ContentFile

        try:
            packed = self._reading.download(f"/containers/{container}/archive", {"path": target}, limit=_MOST)
            with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
                member = tar.next()
                file = tar.extractfile(member) if member and member.isfile() else None
                if not (member and file):
                    return None
                mode = stat.S_IMODE(member.mode)
                return ContentFile(path=target, data=file.read(), uid=member.uid, gid=member.gid, mode=mode)
        except (EngineError, tarfile.TarError):
            return None

    # --- where we are ---------------------------------------------------------------------------------------------

    @cached_property
    def _folder(self) -> Path | None:
        """Where the project's files lie; None where there is no place for them, or the Engine is surely elsewhere."""
        scheme, _, socket = self._reading.endpoint.host.partition("://")
        if scheme != "unix" or not self._here.runtime:
            return None
        # Two Engines of one machine may have projects of one name.
        engine = hashlib.sha256(os.path.realpath(socket).encode()).hexdigest()[:8]
        return self._here.runtime / engine / self._project

    def _view(self, own: str) -> View:
        view = self._place(own)
        # A socket may lead to another machine: ssh forwards them.
        if not (view.elsewhere or view.contained) and _is_this_machine(
            inspected(self._reading.get("/info"), "Docker Engine")
        ):
            view = replace(view, mounts=(("/", "/"),))
        folder = self._folder
        if not (folder and view.there(str(folder))):
            return view
        files = frozenset(one.name for one in folder.iterdir()) if folder.is_dir() else frozenset()
        return replace(view, folder=str(folder), files=files)

    def _place(self, own: str) -> View:
        """Where the Engine is, as far as that can be told without asking it."""
        if not self._reading.endpoint.host.startswith("unix://"):
            return View(user=self._here.user, elsewhere=True)
        if not own:
            return View(user=self._here.user)
        mounts: list[dict[str, Any]] = (
            inspected(self._reading.get(f"/containers/{own}/json"), "container").get("Mounts") or []
        )
        found = [
            (str(mount["Destination"]), str(mount["Source"]))
            for mount in mounts
            if mount.get("Type") in {"bind", "volume"} and mount.get("Source")
        ]
        return View(tuple(sorted(found, key=lambda one: (-len(one[0]), one))), user=self._here.user, contained=True)


def _is_this_machine(info: Mapping[str, Any]) -> bool:
    try:
        system = os.uname()
        memory = re.search(r"MemTotal:\s+(\d+) kB", _MEMORY_INFO.read_text())
    except (OSError, AttributeError):
        return False  # not Linux: the Engine is in a virtual machine
    said = (info.get("Name"), info.get("KernelVersion"), info.get("MemTotal"))
    return said == (system.nodename, system.release, int(memory[1]) * 1024 if memory else None)


def _data(content: Config | Secret) -> bytes:
    """What a config or secret holds.

    Raises:
        EngineError: nothing, and why; the message is the rest of a sentence.
    """
    text = getattr(content, "content", None)
    if text is not None:
        return str(text).encode()
    if content.environment is not None:
        if content.value is None:
            raise EngineError(f"the variable {content.environment} is not set", "set it, or write it to `.env`")
        return content.value.encode()
    path = Path(str(content.file))
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # to open a pipe would wait for ever
            raise EngineError(f'"{path}" is not a file', "name a file; a folder is mounted with `volumes`")
        if about.st_size > _MOST:
            raise EngineError(f'"{path}" is larger than {_MOST >> 20} MiB', "mount it with `volumes`")
        return path.read_bytes()
    except OSError as error:
        message = f'"{path}" can\'t be read: {error.strerror or error}'
        raise EngineError(message, "check the path and its permissions") from None


# --- actions ------------------------------------------------------------------------------------------------------


def write_contents(action: WriteContents) -> None:
    """Write files of this host, each in one step.

    Raises:
        EngineError: one can't be written.
    """
    for file in action.files:
        path = Path(file.path)
        try:
            # Named one by one: what `parents` makes has the usual permissions.
            with _FOLDERS:
                for folder in (path.parent.parent.parent, path.parent.parent, path.parent):
                    folder.mkdir(mode=0o700, exist_ok=True)
                _write(path, file)
        except OSError as error:
            message = f'"{path}" can\'t be written: {error.strerror or error}'
            raise EngineError(message, "check the permissions of its folder") from None


def _write(path: Path, file: ContentFile) -> None:
    import tempfile

    number, name = tempfile.mkstemp(prefix=".new", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as target:
            target.write(file.data)
            if os.geteuid() == 0:
                os.fchown(number, file.uid, file.gid)
            os.fchmod(number, file.mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove_contents(action: RemoveContents) -> None:
    """Remove files of this host, and their project's folder where nothing else is in it.

    Raises:
        EngineError: one can't be removed.
    """
    for path in map(Path, action.paths):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            message = f'"{path}" can\'t be removed: {error.strerror or error}'
            raise EngineError(message, "check the permissions of its folder") from None
        with _FOLDERS, contextlib.suppress(OSError):  # there is more in it
            path.parent.rmdir()


def copy_contents(client: Client, container: str, action: CopyContents) -> None:
    """Copy files into a container that was created and not started."""
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in action.files:
            member = tarfile.TarInfo(file.path.lstrip("/"))
            member.size, member.mode, member.uid, member.gid = len(file.data), file.mode, file.uid, file.gid
            tar.addfile(member, io.BytesIO(file.data))
    client.upload(f"/containers/{container}/archive", {"path": "/"}, packed.getvalue(), deadline=_COPY_SECONDS)
