"""A container's spec: every attribute that it may have, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from reconciler.spec import addresses, shorthand
from reconciler.spec.invalid import Invalid
from reconciler.spec.model import coherence, hosts
from reconciler.spec.model.build import Build, context
from reconciler.spec.model.files import Grant, grants
from reconciler.spec.model.image import Age, Platform, PullPolicy
from reconciler.spec.model.lifecycle import Dependency, Drift, Hook, Update
from reconciler.spec.model.namespaces import namespace, service_of
from reconciler.spec.model.network import Endpoint, MacAddress, Port
from reconciler.spec.model.runtime import (
    Blkio,
    Device,
    DeviceRequest,
    Healthcheck,
    Logging,
    Restart,
    State,
    Ulimits,
)
from reconciler.spec.model.several import each, fail, is_spent, spend
from reconciler.spec.model.storage import Mount, tmpfs_mounts, tmpfs_text
from reconciler.spec.model.values import (
    Boolean,
    Cpus,
    Duration,
    EngineName,
    Integer,
    Labels,
    Microseconds,
    Name,
    Options,
    Size,
    SizeOrNothing,
    SizeOrUnlimited,
    Text,
    TextOrNothing,
    Texts,
    Value,
    VariableText,
    Words,
    default_is,
    names,
    one_of,
    pairs,
    written,
)
from reconciler.spec.reference import ID_PREFIX, is_id, parse_reference
from reconciler.spec.signals import check_signal

DEFAULT_NETWORK = "default"
_ENDPOINT = Endpoint.by_default()
_MOST_HOSTNAME = 64
_MOST_VARIABLE = 128 << 10
_MOST_ENVIRONMENT = 1 << 20
_JOIN = "`networks: [{}]` to join the network of this name"
_LEAST_MEMORY = 6 << 20
_MOST_REPLICAS = 1000


def _capabilities(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({shorthand.capability(name) for name in value}))


def _expose(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, list | tuple) or is_spent(info):
        return value
    found: list[str] = []
    problems: list[Invalid] = []
    for index, item in enumerate(value):
        try:
            if not isinstance(item, str | int):
                raise Invalid("an item of `expose` is a port", 'write "80", "80-85" or "80/udp"')
            exposed = addresses.exposed(str(item))
            spend(info, len(exposed))
            found += exposed
        except Invalid as error:
            problems.append(Invalid(str(error), error.hint, at=(index,)))
            if is_spent(info):
                break
    fail(problems)
    return found


def _links(value: tuple[str, ...]) -> tuple[str, ...]:
    wrong = []
    for index, link in enumerate(value):
        name, colon, alias = link.partition(":")
        if not name or (colon and not alias) or ":" in alias:
            wrong.append(Invalid(f'"{link}" is not a link', 'write "NAME", or "NAME:ALIAS"', at=(index,)))
    fail(wrong)
    return value


def _volumes_from(value: tuple[str, ...]) -> tuple[str, ...]:
    wrong = []
    for index, text in enumerate(value):
        parts = text.removeprefix("container:").split(":")
        if not parts[0] or len(parts) > 2 or parts[1:] not in ([], ["ro"], ["rw"]):
            hint = 'write "NAME", "NAME:ro", or "container:NAME" for one that is not of this project'
            wrong.append(Invalid(f'"{text}" names no container', hint, at=(index,)))
    fail(wrong)
    return value


def _gpus(value: Any) -> Any:
    if isinstance(value, str) and value != "all":
        raise Invalid(f'"{value}" can\'t stand here', "write all, or a list such as [{count: 1}]")
    return [{"count": -1}] if value == "all" else value


Capabilities = Annotated[Texts, AfterValidator(_capabilities)]


class Container(Value):
    """A wanted container. What is not given is the image's, or the Engine's default."""

    image: Text
    adopt: Boolean = False
    annotations: Annotated[dict[str, Text], pairs("annotation")] = {}
    blkio_config: Blkio | None = None
    build: Annotated[Build | None, BeforeValidator(context)] = None
    cap_add: Capabilities = ()
    cap_drop: Capabilities = ()
    cgroup: Annotated[Text, one_of("host", "private")] | None = None
    cgroup_parent: TextOrNothing = None
    command: Words | None = None
    configs: Annotated[tuple[Grant, ...], grants] = ()
    container_name: EngineName | None = None
    cpu_period: Microseconds | None = None
    cpu_quota: Microseconds | None = None
    cpu_rt_period: Microseconds | None = None
    cpu_rt_runtime: Microseconds | None = None
    cpu_shares: Annotated[Annotated[Integer, Field(ge=2)] | None, default_is(0)] = None
    cpus: Cpus | None = None
    cpuset: TextOrNothing = None
    depends_on: dict[Name, Dependency] = {}
    device_cgroup_rules: Texts = ()
    devices: Annotated[tuple[Device, ...], each(Device, lambda text: [shorthand.device(text)])] = ()
    dns: Texts = ()
    dns_opt: Texts = ()
    dns_search: Texts = ()
    domainname: TextOrNothing = None
    drift: Drift = Drift.by_default()
    entrypoint: Words | None = None
    environment: Annotated[dict[str, VariableText], pairs("variable")] = {}
    expose: Annotated[tuple[Text, ...], BeforeValidator(_expose)] = ()
    external_links: Annotated[Texts, AfterValidator(_links)] = ()
    extra_hosts: Annotated[dict[str, tuple[Text, ...]], BeforeValidator(hosts.extra_hosts)] = {}
    gpus: Annotated[tuple[DeviceRequest, ...], BeforeValidator(_gpus)] = ()
    group_add: Texts = ()
    healthcheck: Healthcheck | None = None
    hostname: TextOrNothing = None
    init: Boolean | None = None
    ipc: Annotated[Text, namespace("none", "private", "host", "shareable")] | None = None
    labels: Labels = {}
    links: Annotated[Texts, AfterValidator(_links)] = ()
    logging: Logging | None = None
    mac_address: MacAddress | None = None
    mem_limit: Size | None = None
    mem_reservation: Size | None = None
    mem_swappiness: Annotated[Annotated[Integer, Field(ge=0, le=100)] | None, default_is(-1)] = None
    memswap_limit: SizeOrUnlimited | None = None
    network_mode: Annotated[Text, namespace("none", "host", "bridge", otherwise=_JOIN)] | None = None
    # By a factory: pydantic copies a default in depth for each container, and these can't change.
    networks: dict[Name, Endpoint] = Field(default_factory=lambda: {DEFAULT_NETWORK: _ENDPOINT})
    oom_kill_disable: Boolean | None = None
    oom_score_adj: Annotated[Integer, Field(ge=-1000, le=1000)] | None = None
    pid: Annotated[Text, namespace("host")] | None = None
    pids_limit: Integer | None = None
    platform: Platform | None = None
    ports: Annotated[tuple[Port, ...], each(Port, shorthand.ports)] = ()
    post_start: tuple[Hook, ...] = ()
    pre_stop: tuple[Hook, ...] = ()
    privileged: Boolean | None = None
    pull_policy: PullPolicy | None = None
    pull_refresh_after: Age | None = None
    read_only: Boolean | None = None
    replicas: Annotated[Integer, Field(ge=0, le=_MOST_REPLICAS)] = 1
    restart: Restart = Restart.by_default()
    runtime: TextOrNothing = None
    secrets: Annotated[tuple[Grant, ...], grants] = ()
    security_opt: Texts = ()
    shm_size: SizeOrNothing = None
    state: Annotated[State, one_of(*(state.value for state in State))] = State.RUNNING
    stdin_open: Boolean | None = None
    stop_grace_period: Duration | None = None
    stop_signal: TextOrNothing = None
    storage_opt: Options = {}
    sysctls: Annotated[dict[str, Text], pairs("sysctl")] = {}
    tmpfs: Annotated[dict[str, Text], BeforeValidator(tmpfs_mounts), written(tmpfs_text)] = {}
    tty: Boolean | None = None
    ulimits: Ulimits = {}
    update: Update = Update.by_default()
    user: TextOrNothing = None
    userns_mode: Annotated[Text, one_of("host")] | None = None
    uts: Annotated[Text, one_of("host")] | None = None
    volumes: Annotated[tuple[Mount, ...], each(Mount, lambda text: [shorthand.volume(text)])] = ()
    volumes_from: Annotated[Texts, AfterValidator(_volumes_from)] = ()
    was: Name | None = None
    working_dir: TextOrNothing = None

    @property
    def joined(self) -> Mapping[str, Endpoint]:
        """The project's networks that it joins; none where it has the host's, or no network at all."""
        return {} if self.network_mode else self.networks

    @property
    def shares(self) -> frozenset[str]:
        """The containers of the project whose namespaces it lives in: it can't outlive one of these."""
        if not (self.network_mode or self.ipc or self.pid):
            return frozenset()
        modes = filter(None, (self.network_mode, self.ipc, self.pid))
        return frozenset(filter(None, map(service_of, modes)))

    @property
    def uses(self) -> frozenset[str]:
        """The containers of the project that must be there when it is made, besides those of `depends_on`."""
        if not (self.links or self.volumes_from):
            return self.shares
        linked = {link.partition(":")[0] for link in self.links}
        mounted = {text.partition(":")[0] for text in self.volumes_from if not text.startswith("container:")}
        return self.shares | linked | mounted

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        fail([*coherence.problems(self)])
        return self

    @field_validator("image", mode="after")
    @classmethod
    def _image(cls, value: str) -> str:
        if not value:
            raise Invalid("the image is empty", "name one: image: nginx:1.27")
        parse_reference(value)
        # No repository may be named like an image's whole ID: it is one, as `docker images` shows it.
        return f"{ID_PREFIX}{value}" if is_id(f"{ID_PREFIX}{value}") else value

    @field_validator("command", mode="after")
    @classmethod
    def _command(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value == ():
            raise Invalid("the command is empty", "leave it out for the image's own; an entrypoint replaces it too")
        return value

    @field_validator("hostname", mode="after")
    @classmethod
    def _hostname(cls, value: str | None) -> str | None:
        if value is not None and len(value.encode()) > _MOST_HOSTNAME:
            raise Invalid(f"a hostname has at most {_MOST_HOSTNAME} characters, this one {len(value)}", "shorten it")
        return value

    @field_validator("working_dir", mode="after")
    @classmethod
    def _working_dir(cls, value: str | None) -> str | None:
        if value and not value.startswith("/"):
            raise Invalid(f'"{value}" is not an absolute path', "the path in the container begins with /")
        return value

    @field_validator("mem_limit", mode="after")
    @classmethod
    def _enough(cls, value: int | None) -> int | None:
        if value and value < _LEAST_MEMORY:
            raise Invalid("a container needs at least 6 MiB of memory", 'write "6m" or more; did you forget the unit?')
        return value

    @field_validator("stop_signal", mode="after")
    @classmethod
    def _signal(cls, value: str | None) -> str | None:
        if value:
            check_signal(value)
        return value

    @field_validator("environment", mode="after")
    @classmethod
    def _environment(cls, value: dict[str, str]) -> dict[str, str]:
        total = 0
        for key, text in value.items():
            size = len(key.encode()) + len(text.encode()) + 2  # "=", and the NUL at the end
            if size > _MOST_VARIABLE:
                hint = "the kernel takes at most 128 KiB a variable: mount it as a file"
                raise Invalid(f'variable "{key}" is too long: {size >> 10} KiB', hint, at=(key,), key=True)
            total += size
        if total > _MOST_ENVIRONMENT:
            hint = "the kernel takes at most 1 MiB, with the command: mount long values as files"
            raise Invalid(f"the environment is too large: {total >> 10} KiB", hint, key=True)
        return value

    @field_validator("volumes", mode="after")
    @classmethod
    def _one_mount_a_target(cls, value: tuple[Mount, ...]) -> tuple[Mount, ...]:
        seen: set[str] = set()
        for index, mount in enumerate(value):
            if mount.target in seen:
                raise Invalid(f'"{mount.target}" is mounted twice', "give each mount a path of its own", at=(index,))
            seen.add(mount.target)
        return value

    @field_validator("networks", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if isinstance(value, list):
            value = dict.fromkeys(names(value, "network"))
        if isinstance(value, dict):
            if not value:
                hint = "leave `networks` out for the project's default network; for none write network_mode: none"
                raise Invalid("no network is named", hint)
            value = {name: {} if endpoint is None else endpoint for name, endpoint in value.items()}
        return value

    @field_validator("depends_on", mode="before")
    @classmethod
    def _depends_on(cls, value: Any) -> Any:
        return {name: {} for name in names(value, "container")} if isinstance(value, list) else value

    @field_validator("restart", mode="before")
    @classmethod
    def _restart(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise Invalid("true and false are no restart policies", 'write "no" or always')
        if isinstance(value, list):
            raise Invalid(
                "a restart policy is one word, not a list", 'write "no", always, unless-stopped or on-failure'
            )
        return shorthand.restart(value) if isinstance(value, str) else value
