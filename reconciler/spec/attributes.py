"""What becomes of each attribute of the Compose specification: one table, from which errors and docs speak."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Place = tuple[str, ...]
"""Where in a spec, without names and numbers: `("containers", "*", "ports", "*")`."""


class Standing(StrEnum):
    """What becomes of an attribute."""

    SUPPORTED = "supported"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute's standing.

    Attributes:
        standing: what becomes of it.
        note: why, on one line; of a refused one also what to do instead.
    """

    standing: Standing
    note: str = ""


Table = dict[str, Attribute]


def _supported(names: str, note: str = "") -> Table:
    return {name: Attribute(Standing.SUPPORTED, note) for name in names.split()}


def _ignored(name: str, note: str) -> Table:
    return {name: Attribute(Standing.IGNORED, note)}


def _refused(name: str, note: str) -> Table:
    return {name: Attribute(Standing.REFUSED, note)}


_WINDOWS = "it is for Windows containers, and only Linux engines are supported; leave it out"

TOP: Table = {
    **_supported("name networks volumes configs secrets"),
    **_supported("services", "the Compose form of `containers`"),
    **_supported("include", "by the loader"),
    **_ignored("version", "means nothing since Compose 1.27: the specification has no versions"),
    **_refused("models", "AI models are run by Docker Model Runner, not by the Engine; run the model in a container"),
}

CONTAINER: Table = {
    **_supported("annotations blkio_config cap_add cap_drop cgroup cgroup_parent command container_name"),
    **_supported("cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset"),
    **_supported("depends_on device_cgroup_rules devices dns dns_opt dns_search domainname"),
    **_supported("entrypoint environment expose extra_hosts gpus group_add healthcheck hostname"),
    **_supported("image init ipc labels logging"),
    **_supported("mem_limit mem_reservation mem_swappiness memswap_limit network_mode networks"),
    **_supported("oom_kill_disable oom_score_adj pid pids_limit ports privileged read_only restart runtime"),
    **_supported("security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls"),
    **_supported("tmpfs tty ulimits user userns_mode uts volumes working_dir"),
    **_supported("deploy", "by the loader: its parts become attributes of the container"),
    **_supported("env_file", "by the loader: the variables become `environment`"),
    **_supported("extends profiles", "by the loader"),
    **_supported("label_file", "by the loader: the labels become `labels`"),
    **_supported("scale", "by the loader: it becomes `replicas`"),
    **_ignored("attach", "says whose output `docker compose up` shows; look with `docker logs`"),
    **_ignored("develop", "is for `docker compose watch`, which rebuilds while you write code"),
    **_refused("cpu_count", _WINDOWS),
    **_refused("cpu_percent", _WINDOWS),
    **_refused("credential_spec", _WINDOWS),
    **_refused("isolation", _WINDOWS),
    **_refused("models", "AI models are run by Docker Model Runner, not by the Engine; run the model in a container"),
    **_refused(
        "pre_start",
        "its commands run to their end in containers of their own; write each as a container with state: completed, "
        "and here depends_on: {NAME: {condition: service_completed_successfully}}",
    ),
    **_refused("provider", "a provider is a program that Compose starts, not a container; run it on its own"),
    **_supported("build configs external_links links mac_address platform post_start pre_stop pull_policy"),
    **_supported("pull_refresh_after secrets volumes_from"),
    **_refused(
        "use_api_socket",
        "it gives the container the Engine, and with it the host, and your registry credentials; "
        'mount the socket yourself if you mean it: volumes: ["/var/run/docker.sock:/var/run/docker.sock"]',
    ),
}

DEPLOY: Table = {
    **_supported("mode replicas resources restart_policy"),
    **_ignored("endpoint_mode", "is for Swarm: on one Engine a network's DNS answers with every container"),
    **_ignored("labels", "is for the Swarm service; write `labels` for the container's own"),
    **_ignored("placement", "is for Swarm: there is one Engine only"),
    **_ignored("rollback_config", "is for Swarm; a failed replacement is rolled back in any case"),
    **_supported(
        "update_config",
        "by the loader: its parts become `update`; `order: start-first` where that can work (else a warning)",
    ),
}

BUILD: Table = {
    **_supported("additional_contexts args cache_from cache_to context dockerfile dockerfile_inline entitlements"),
    **_supported("extra_hosts labels network no_cache no_cache_filter platforms privileged provenance pull sbom"),
    **_supported("secrets shm_size ssh tags target ulimits"),
    **_refused("isolation", _WINDOWS),
}

NETWORK: Table = {
    **_supported("name external"),
    **_supported("driver driver_opts ipam internal enable_ipv4 enable_ipv6 attachable labels"),
}

VOLUME: Table = _supported("name external driver driver_opts labels")

CONFIG: Table = {
    **_supported("name content environment file labels"),
    **_refused("external", "it is Swarm's; give the config as a `file`, or from the `environment`"),
    **_refused("template_driver", "it is for Swarm; write the file as it is to be"),
}

SECRET: Table = {
    **_supported("name environment file labels"),
    **_refused("external", "it is Swarm's; give the secret as a `file`, or from the `environment`"),
    **_refused("driver", "it is for Swarm; give the secret as a `file` or from the `environment`"),
    **_refused("driver_opts", "they are for Swarm; give the secret as a `file` or from the `environment`"),
    **_refused("template_driver", "it is for Swarm; write the file as it is to be"),
}

ENDPOINT: Table = {
    **_supported("aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips"),
    **_supported("mac_address priority"),
}

PORT: Table = _supported("target published host_ip protocol name app_protocol mode")

MOUNT: Table = _supported("type source target read_only consistency bind volume tmpfs image")

MOUNT_BIND: Table = _supported("propagation create_host_path selinux recursive")

MOUNT_VOLUME: Table = _supported("nocopy labels subpath")

DEPENDENCY: Table = _supported("condition required restart")

_CONTAINER = ("containers", "*")

TABLES: dict[Place, Table] = {
    (): TOP,
    _CONTAINER: CONTAINER,
    (*_CONTAINER, "build"): BUILD,
    (*_CONTAINER, "depends_on", "*"): DEPENDENCY,
    (*_CONTAINER, "deploy"): DEPLOY,
    (*_CONTAINER, "networks", "*"): ENDPOINT,
    (*_CONTAINER, "ports", "*"): PORT,
    (*_CONTAINER, "volumes", "*"): MOUNT,
    (*_CONTAINER, "volumes", "*", "bind"): MOUNT_BIND,
    (*_CONTAINER, "volumes", "*", "volume"): MOUNT_VOLUME,
    ("networks", "*"): NETWORK,
    ("volumes", "*"): VOLUME,
    ("configs", "*"): CONFIG,
    ("secrets", "*"): SECRET,
}
"""The tables by place; the names of `services` are those of `containers` here."""

_NAMED_BELOW = frozenset(["containers", "networks", "volumes", "configs", "secrets", "images", "depends_on", "ports"])


def table(path: tuple[str | int, ...]) -> Table:
    """The table of the attributes at this place of a spec; empty where Compose has none of its own there.

    Args:
        path: of what has the attributes, such as `("containers", "web")`.
    """
    place: list[str] = []
    named = False
    for step in path:
        place.append("*" if named or isinstance(step, int) else str(step))
        named = not named and place[-1] in _NAMED_BELOW and len(place) != 5
    return TABLES.get(tuple(place), {})


def refusal(path: tuple[str | int, ...], name: str, where: str) -> tuple[str, str] | None:
    """Why a known attribute can't be used, and what to do; None where there is nothing to say.

    Args:
        path: of what has the attribute.
        name: the attribute.
        where: the words for that place, such as `container "web"`.
    """
    attribute = table(path).get(name)
    if attribute is None:
        return None
    if attribute.standing is Standing.REFUSED:
        why, _, instead = attribute.note.partition("; ")
        return f'attribute "{name}" in {where} is refused: {why}', instead or "leave it out"
    return None
