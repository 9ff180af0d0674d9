"""What must hold between the attributes of one container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.spec.invalid import Invalid

if TYPE_CHECKING:
    from reconciler.spec.model.container import Container


def problems(container: Container) -> Iterator[Invalid]:
    """Everything that does not fit together in this container."""
    yield from _network(container)
    yield from _memory(container)
    yield from _cpu(container)
    yield from _mounts(container)


def _network(container: Container) -> Iterator[Invalid]:
    if container.uts == "host" and container.hostname:
        yield Invalid("hostname and uts: host exclude each other", "drop one of them", at=("hostname",))
    mode = container.network_mode
    if not mode:
        return
    if "networks" in container.model_fields_set:
        yield Invalid("network_mode and networks exclude each other", "drop one of them", at=("network_mode",))
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


def _memory(container: Container) -> Iterator[Invalid]:
    limit, reserved, swap = container.mem_limit, container.mem_reservation, container.memswap_limit
    if swap is not None and not limit:
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
