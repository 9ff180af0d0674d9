"""The real Engine, behind the port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from reconciler.engine.replies import CONTAINER, inspected, rows
from reconciler.errors import EngineError, NotFound
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.engine.ahead import ReadingAhead
    from reconciler.engine.client import Client
    from reconciler.engine.here import Here
    from reconciler.planning.actions import Action
    from reconciler.ports import Tell
    from reconciler.spec.model import Spec
    from reconciler.state.identity import EngineIdentity
    from reconciler.state.images import Offer
    from reconciler.state.output import Event, Written
    from reconciler.state.snapshot import Snapshot

SEARCH_SECONDS = 30.0
"""For Docker Hub's answer to a search."""

DISK_USAGE_SECONDS = 20.0
"""For the sizes of volumes: an Engine adds up all of their files."""

_DISK_USAGE_BY_TYPE = (1, 42)
"""Since this API version an Engine can be asked for volumes alone."""

LOGIN_SECONDS = 20.0
"""For a registry's answer to a login."""


class DockerEngine:
    """A Docker Engine that is really there; see `reconciler.ports.Engine`."""

    def __init__(self, client: Client, here: Here) -> None:
        self._client = client
        self._here = here
        self._identity: tuple[EngineIdentity, str] | None = None
        self._ahead: ReadingAhead | None = None

    @property
    def client(self) -> Client:
        """The connection to it."""
        return self._client

    @property
    def here(self) -> Here:
        """This machine."""
        return self._here

    def identity(self) -> str:
        """The Engine's ID: stays the same as long as its data does.

        Asked once for each introduction: where the Engine was away, another may be in its place.
        """
        about = self._client.about
        if self._identity is None or self._identity[0] is not about:
            self._identity = about, str(self.info().get("ID") or "")
        return self._identity[1]

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        """What is there now."""
        from reconciler.engine.observe import observe  # each command pays for what it needs

        reading, self._ahead = self._ahead or self._client, None
        return observe(reading, project, spec, self._here, images=images)

    def look_ahead(self) -> Callable[[], None]:
        """What asks for all that the next `observe` and `identity` need and that is the same for every project.

        It is for another thread; who observes meanwhile waits for each answer. Nothing of it is raised.
        """
        from reconciler.engine.ahead import ReadingAhead

        self._ahead = ahead = ReadingAhead(self._client)

        def ask() -> None:
            with suppress(EngineError):
                self.identity()
            ahead.ask()

        return ask

    def look_again(self) -> None:
        """Forget what was asked for ahead: it may have changed since."""
        self._ahead = None

    def inspect(self, container: str) -> ContainerState:
        """One container, as it is now."""
        return ContainerState(inspected(self._client.get(f"/containers/{container}/json"), "container", *CONTAINER))

    def image(self, image: str) -> dict[str, Any]:
        """What the Engine says of an image, as `GET /images/ID/json`; empty where it is gone."""
        found = self._client.find(f"/images/{image}/json")
        return {} if found is None else inspected(found, "image", "Id")

    def info(self) -> dict[str, Any]:
        """What the Engine says of itself, as `GET /info`."""
        return inspected(self._client.get("/info"), "Docker Engine")

    @property
    def about(self) -> EngineIdentity:
        """As it introduced itself."""
        return self._client.about

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, as far as its address says."""
        return self._client.endpoint.host.startswith(("unix://", "npipe://"))

    def version(self) -> dict[str, Any]:
        """What it says of its versions, as `GET /version`."""
        return inspected(self._client.get("/version"), "Docker Engine")

    def log_in(self, login: Mapping[str, str]) -> None:
        """Have it try a login at the registry that the login is for."""
        self._client.post("/auth", {name.lower(): value for name, value in login.items()}, deadline=LOGIN_SECONDS)

    def logs(self, container: str, lines: int) -> list[str]:
        """The last lines that a container wrote, to either stream."""
        return self._client.logs(container, lines)

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        """What was changed in a container's writable layer."""
        found = self._client.get(f"/containers/{container}/changes", deadline=seconds)
        if found is None:
            return []  # nothing was changed
        if not isinstance(found, list) or not all(isinstance(row, dict) and row.get("Path") for row in found):
            raise EngineError(f"the Engine's list of what container {container[:12]} changed can't be read")
        return found

    def containers(self, project: str, spec: Spec | None = None) -> tuple[ContainerState, ...]:
        """The project's containers, by name; see `reconciler.ports.Outputs`."""
        from reconciler.planning.takeover import take_over

        return take_over(self.observe(project, spec, images=False), project, spec, orphans=spec is None).containers

    def output(
        self, container: ContainerState, *, follow: bool = False, since: str = "", until: str = "", tail: str = "all"
    ) -> Iterator[Written]:
        """What a container wrote; see `reconciler.ports.Outputs`."""
        from reconciler.engine.output import output

        return output(
            self._client, container.id, tty=container.has_tty, follow=follow, since=since, until=until, tail=tail
        )

    def events(
        self, filters: Mapping[str, Sequence[str]], *, since: str = "", until: str = ""
    ) -> AbstractContextManager[Iterator[Event]]:
        """What happens from now on; see `reconciler.ports.Outputs`."""
        from reconciler.engine.events import events

        return events(self._client, filters, since=since, until=until)

    def offers(self, references: Sequence[str]) -> dict[str, Offer]:
        """What the registries have under these references now; each is asked through the Engine."""
        from reconciler.engine.observe_images import offer_of
        from reconciler.threads import threads

        with threads(8, "registry") as pool:
            return dict(zip(references, pool.map(lambda one: offer_of(self._client, one), references), strict=True))

    def search(self, term: str, limit: int) -> list[dict[str, Any]]:
        """What Docker Hub has for a term, as `GET /images/search`: the Engine asks it."""
        found: list[dict[str, Any]] = self._client.get(
            "/images/search", {"term": term, "limit": limit}, deadline=SEARCH_SECONDS
        )
        return found

    def volume_sizes(self) -> dict[str, int]:
        """The sizes of volumes in bytes, by name, as far as the Engine tells them in time."""
        query = {"type": "volume"} if self.about.api >= _DISK_USAGE_BY_TYPE else None
        try:
            found = inspected(self._client.get("/system/df", query, deadline=DISK_USAGE_SECONDS), "disk")
        except EngineError:
            return {}  # a plan should not fail for what it only has to say besides
        sizes = {row.get("Name"): (row.get("UsageData") or {}).get("Size") for row in found.get("Volumes") or ()}
        return {str(name): size for name, size in sizes.items() if isinstance(size, int) and size >= 0}

    def lock_volumes(self) -> dict[str, dict[str, str]]:
        """The labels of all volumes that are locks; see `reconciler.ports.LockVolumes`."""
        from reconciler.fields.ownership import LOCK

        found = inspected(self._client.get("/volumes", {"filters": {"label": [LOCK]}}), "volume").get("Volumes")
        return {volume["Name"]: volume.get("Labels") or {} for volume in rows(found or [], "volumes", "Name")}

    def volume_labels(self, name: str) -> dict[str, str] | None:
        """The labels of a volume; see `reconciler.ports.LockVolumes`."""
        found = self._client.find(f"/volumes/{name}")
        return None if found is None else inspected(found, "volume", "Name").get("Labels") or {}

    def create_volume(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Create a volume, unless there is one of that name; the labels of the one that is there then."""
        reply = self._client.post("/volumes/create", {"Name": name, "Driver": "local", "Labels": dict(labels)})
        return inspected(reply, "new volume", "Name").get("Labels") or {}

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone counts as removed."""
        with suppress(NotFound):
            self._client.delete(f"/volumes/{name}")

    @property
    def host_name(self) -> str:
        """The machine whose ports the containers publish on, as this one reaches it."""
        from urllib.parse import urlsplit

        return urlsplit(self._client.endpoint.host).hostname or "localhost"

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        """Carry out one action that is an effect."""
        from reconciler.engine.perform import perform

        return perform(self._client, action, created, tell)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(
    host: str | None = None, context: str | None = None, environ: Mapping[str, str] | None = None
) -> DockerEngine:
    """Connect to an Engine, and agree on an API version with it.

    Args:
        host: its address, such as `unix:///var/run/docker.sock`.
        context: a Docker context, instead of an address.
        environ: where DOCKER_HOST and its kin are looked up, and the folders of this machine's user; nowhere where not
            given.

    Raises:
        EngineUnreachable: there is none, or it does not answer.
        UsageError: host and context are both given, or the context is unknown.
    """
    from reconciler.engine.client import Client  # only who connects pays
    from reconciler.engine.endpoint import resolve
    from reconciler.engine.here import Here

    client = Client.connect(resolve(host, context, environ or {}, Path.home()))
    return DockerEngine(client, Here.of(environ or {}))
