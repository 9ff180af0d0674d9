"""How an image is built."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, field_validator, model_validator

from reconciler.spec.invalid import Invalid
from reconciler.spec.model import hosts
from reconciler.spec.model.files import Grant, grants
from reconciler.spec.model.runtime import Ulimits
from reconciler.spec.model.several import fail
from reconciler.spec.model.values import Boolean, Options, Size, Text, Texts, Value, absolute, at_home, pairs
from reconciler.spec.reference import parse_reference
from reconciler.spec.remote import is_remote


def _ssh(value: Any) -> Any:
    """`default`, a list of `ID[=PATH]`, or a mapping → `ID` or `ID=PATH` each."""
    if isinstance(value, dict):
        return [name if path is None else f"{name}={path}" for name, path in value.items()]
    return value


def _local_cache(text: str, info: ValidationInfo) -> str:
    """`type=local,dest=cache`: the path relative to the spec's folder, not to where the command happens to run."""
    parts = [part.partition("=") for part in text.split(",")]
    if ("type", "=", "local") not in parts:
        return text
    places = {"src", "dest"}
    return ",".join(
        f"{name}={absolute(at_home(value), info)}" if name in places and value else f"{name}{equals}{value}"
        for name, equals, value in parts
    )


def _references(value: tuple[str, ...]) -> tuple[str, ...]:
    problems = []
    for index, text in enumerate(value):
        try:
            parse_reference(text)
        except Invalid as error:
            problems.append(Invalid(str(error), error.hint, at=(index,)))
    fail(problems)
    return value


References = Annotated[Texts, AfterValidator(_references)]
"""A list of image references."""


def context(value: Any) -> Any:
    """A path alone is the context."""
    return {"context": value} if isinstance(value, str) else value


class Build(Value):
    """How an image is built.

    Attributes:
        context: the folder that is sent to the builder, absolute once loaded; or the URL of a repository or an archive.
        dockerfile: the Dockerfile, relative to the context; `Dockerfile` without it.
        dockerfile_inline: the text of the Dockerfile, instead of a file.
        args: build arguments.
        additional_contexts: more contexts, by name.
        cache_from: images that may give layers.
        cache_to: where the cache is exported to.
        entitlements: what the build may do beyond the ordinary.
        extra_hosts: lines of /etc/hosts during the build.
        labels: of the image.
        network: the network during the build: host, none, or one of the Engine's.
        no_cache: whether every step is run anew.
        no_cache_filter: the stages that are run anew.
        platforms: what it is built for.
        privileged: whether the build may do all that the host's root may.
        provenance: the provenance attestation.
        pull: whether newer base images are looked for.
        sbom: the attestation of what the image holds.
        secrets: secrets that the build may read.
        shm_size: the size of /dev/shm during the build.
        ssh: agents and keys that the build may use: `default`, or ID=PATH.
        tags: more references of the image.
        target: the stage that is built.
        ulimits: limits of the kernel's during the build.
    """

    context: Text = "."
    dockerfile: Text | None = None
    dockerfile_inline: Text | None = None
    args: Annotated[dict[str, Text], pairs("argument")] = {}
    additional_contexts: Annotated[dict[str, Text], pairs("context")] = {}
    cache_from: Texts = ()
    cache_to: Texts = ()
    entitlements: Texts = ()
    extra_hosts: Annotated[dict[str, tuple[Text, ...]], BeforeValidator(hosts.extra_hosts)] = {}
    labels: Annotated[dict[str, Text], pairs("label")] = {}
    network: Text | None = None
    no_cache: Boolean = False
    no_cache_filter: Texts = ()
    platforms: Texts = ()
    privileged: Boolean = False
    provenance: Text | None = None
    pull: Boolean = False
    sbom: Text | None = None
    secrets: Annotated[tuple[Grant, ...], grants] = ()
    shm_size: Size | None = None
    ssh: Annotated[Texts, BeforeValidator(_ssh)] = ()
    tags: References = ()
    target: Text | None = None
    ulimits: Ulimits = {}

    @property
    def source(self) -> str:
        """What it is built from, as one text: the context, and the Dockerfile where it is not the usual one."""
        inline = f"\n{self.dockerfile_inline}" if self.dockerfile_inline else ""
        more = "".join(f"\n{path}" for path in self.local_contexts)
        return (f"{self.context}#{self.dockerfile}" if self.dockerfile else f"{self.context}{inline}") + more

    @property
    def local_contexts(self) -> tuple[str, ...]:
        """The additional contexts that are files of this machine, sorted."""
        return tuple(sorted(where for where in self.additional_contexts.values() if where.startswith("/")))

    @property
    def is_remote(self) -> bool:
        """Whether the builder fetches the context by itself."""
        return is_remote(self.context)

    @model_validator(mode="before")
    @classmethod
    def _here(cls, value: Any) -> Any:
        # The spec's folder: said, so that it is made absolute, and stays the same when it is written back.
        return {**value, "context": "."} if isinstance(value, dict) and value.get("context") is None else value

    @field_validator("context", mode="after")
    @classmethod
    def _context(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            raise Invalid("the context of the build is empty", 'write the folder: context: "."')
        return value if is_remote(value) else str(absolute(at_home(value), info))

    @field_validator("additional_contexts", mode="after")
    @classmethod
    def _contexts(cls, value: Options, info: ValidationInfo) -> Options:
        return {
            name: where if is_remote(where) else str(absolute(at_home(where), info)) for name, where in value.items()
        }

    @field_validator("cache_from", "cache_to", mode="after")
    @classmethod
    def _caches(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(_local_cache(one, info) for one in value)

    @field_validator("ssh", mode="after")
    @classmethod
    def _keys(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(
            f"{name}={absolute(at_home(path), info)}" if path else name
            for name, _, path in (one.partition("=") for one in value)
        )

    @model_validator(mode="after")
    def _one_dockerfile(self) -> Self:
        if self.dockerfile and self.dockerfile_inline:
            hint = "drop one of them"
            raise Invalid(
                "dockerfile and dockerfile_inline exclude each other", hint, at=("dockerfile_inline",), key=True
            )
        return self
