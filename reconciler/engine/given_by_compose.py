"""The configs and secrets of containers that Compose made, who writes into no label what it gave them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.fields import compose_labels, ownership
from reconciler.fields.base import Instance, at
from reconciler.fields.contents import LABELS, files

if TYPE_CHECKING:
    from reconciler.planning.actions import ContentFile
    from reconciler.spec.contents import Section
    from reconciler.spec.model import Spec
    from reconciler.state.contents import Held, View
    from reconciler.state.snapshot import ContainerState

Read = Callable[[str, str], "ContentFile | None"]
Digest = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class GivenByCompose:
    """Looks at what is where the spec wants configs and secrets to be.

    Attributes:
        spec: what is wanted; None where that is not known.
        contents: what its configs and secrets hold.
        view: what of this machine's files the Engine sees.
    """

    spec: Spec | None
    contents: Mapping[str, Held]
    view: View

    def found(
        self, containers: Iterable[ContainerState], read: Read, digest: Digest, pool: Executor
    ) -> dict[str, dict[str, str]]:
        """What a label of ours would say of each container of Compose: by its ID, label and text.

        Args:
            containers: any.
            read: reads a file in a container.
            digest: of a content, by section and name.
            pool: for several calls at once.
        """
        asked = [(one, instance) for one in containers if (instance := self._wanted(one))]
        texts = pool.map(lambda pair: self._labels(pair[0], pair[1], read, digest), asked)
        return {one.id: text for (one, _), text in zip(asked, texts, strict=True)}

    def _wanted(self, container: ContainerState) -> Instance | None:
        """What the spec wants in its place, where that has configs or secrets."""
        if not self.spec or ownership.PROJECT in container.labels:
            return None
        place = compose_labels.place(container.labels, self.spec.name)
        wanted = self.spec.containers.get(place[0]) if place else None
        if not (place and wanted and (wanted.configs or wanted.secrets)):
            return None
        return Instance(self.spec, *place, digests={name: one.digest for name, one in self.contents.items()})

    def _labels(self, container: ContainerState, instance: Instance, read: Read, digest: Digest) -> dict[str, str]:
        bound = {
            mount["Target"]: mount.get("Source")
            for mount in at("HostConfig.Mounts", container.inspect) or ()
            if mount.get("Type") == "bind"
        }
        found: dict[str, str] = {}
        for section, label in LABELS.items():
            there: dict[str, list[dict[str, str]]] = {}
            for name, wanted in files(instance, section).items():
                for one in wanted:
                    file = self._file_of(section, name, instance)
                    if "mode" not in one and file:
                        if bound.get(one["target"]) == self.view.there(file):
                            there.setdefault(name, []).append(one)  # the very file, whatever it holds
                    elif one["target"] not in bound and (copied := read(container.id, one["target"])):
                        about = {"uid": str(copied.uid), "gid": str(copied.gid), "mode": f"{copied.mode:04o}"}
                        about |= {"digest": digest(f"{section}.{name}", copied.data), "target": one["target"]}
                        there.setdefault(name, []).append(dict(sorted(about.items())))
            if there:
                found[label] = ownership.write_json(there)
        return found

    @staticmethod
    def _file_of(section: Section, name: str, instance: Instance) -> str:
        content = getattr(instance.spec, section).get(name)
        return str(content.file) if content and content.file else ""
