"""What must hold between the attributes of one container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid

if TYPE_CHECKING:
    from reconciler.spec.model.container import Container


def problems(container: Container) -> Iterator[Invalid]:
    """Everything that does not fit together in this container."""
    yield from _network(container)
    yield from _memory(container)
    yield from _cpu(container)
    yield from _mounts(container)
    yield from _lifecycle(container)
    yield from _drift(container)


def _network(container: Container) -> Iterator[Invalid]:
    if container.uts == "host" and container.hostname:
        yield Invalid("hostname and uts: host exclude each other", "drop one of them", at=("hostname",))
    mode = container.network_mode
    if not mode:
        return
    if "networks" in container.model_fields_set:
        yield Invalid("network_mode and networks exclude each other", "drop one of them", at=("network_mode",))
    if mode.startswith(("service:", "container:")):
        yield from _in_another_network(container)
    if mode == "host" and container.ports:
        yield Invalid(
            "ports can't be published in the host's network",
            "drop `ports`: all are the host's",
            at=("ports",),
            key=True,
        )
    if mode == "none" and container.ports:
        yield Invalid(
            "ports can't be published without a network",
            "drop `ports`, or `network_mode: none`",
            at=("ports",),
            key=True,
        )


_OF_A_NETWORK = ("hostname", "ports", "expose", "dns", "dns_opt", "dns_search", "extra_hosts", "links", "mac_address")


def _in_another_network(container: Container) -> Iterator[Invalid]:
    for name in _OF_A_NETWORK:
        if getattr(container, name):
            yield Invalid(
                f"{name} can't be set in another container's network",
                f"declare `{name}` at that container, or drop `network_mode`",
                at=(name,),
                key=True,
            )


def _lifecycle(container: Container) -> Iterator[Invalid]:
    if container.state == "completed" and container.restart.by_itself:
        yield Invalid(
            f"a container that is to be completed can't restart {container.restart.name}",
            'write restart: on-failure:3, or "no"',
            at=("restart",),
        )
    if container.replicas > 1 and container.container_name:
        yield Invalid(
            f"{container.replicas} replicas can't have one name",
            "drop `container_name`, or `replicas`",
            at=("container_name",),
        )
    if container.replicas > 1:
        for network, endpoint in container.joined.items():
            for name in ("ipv4_address", "ipv6_address", "mac_address"):
                if getattr(endpoint, name):
                    yield Invalid(
                        f"{container.replicas} replicas can't have one address",
                        f"leave `{name}` out: containers find each other by name",
                        at=("networks", network, name),
                    )
    if container.pull_refresh_after and container.pull_policy != "refresh":
        yield Invalid(
            "pull_refresh_after means something with pull_policy: refresh only",
            "write pull_policy: refresh, or drop it",
            at=("pull_refresh_after",),
            key=True,
        )


def _memory(container: Container) -> Iterator[Invalid]:
    limit, reserved, swap = container.mem_limit, container.mem_reservation, container.memswap_limit
    if swap and swap > 0 and not limit:
        yield Invalid("memswap_limit needs a mem_limit", "declare both, or neither", at=("memswap_limit",))
    if limit and swap and 0 < swap < limit:
        yield Invalid(
            "memswap_limit is below mem_limit",
            "it counts memory and swap together: write at least the mem_limit, or -1 for no limit",
            at=("memswap_limit",),
        )
    if limit and reserved and reserved > limit:
        yield Invalid("mem_reservation is over mem_limit", "lower it, or raise mem_limit", at=("mem_reservation",))


def _cpu(container: Container) -> Iterator[Invalid]:
    for other in ("cpu_quota", "cpu_period"):
        if container.cpus and getattr(container, other):
            yield Invalid(
                f"cpus and {other} exclude each other", "drop one of them: cpus sets both quota and period", at=(other,)
            )


def _mounts(container: Container) -> Iterator[Invalid]:
    targets = {mount.target for mount in container.volumes}
    for path in container.tmpfs:
        # As the Engine cleans it: two spellings of one path are one mount.
        clean = "/" + "/".join(part for part in path.split("/") if part not in {"", "."})
        if clean in targets:
            yield Invalid(
                f'"{clean}" is mounted twice, as a tmpfs and by `volumes`',
                "give each mount a path of its own",
                at=("tmpfs", path),
                key=True,
            )
        targets.add(clean)


def _drift(container: Container) -> Iterator[Invalid]:
    known = type(container).model_fields
    for index, path in enumerate(container.drift.ignore):
        attribute = path.partition(".")[0]
        if attribute not in known:
            near = closest(attribute, known)
            hint = f'did you mean "{near}"?' if near else "write an attribute's name, or one of its keys: labels.build"
            yield Invalid(f'container has no attribute "{attribute}" to ignore', hint, at=("drift", "ignore", index))
