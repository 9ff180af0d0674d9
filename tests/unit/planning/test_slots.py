"""Who is who: the container in service, and what a replacement that was cut off left behind."""

from __future__ import annotations

import pytest

from reconciler.fields.base import Instance
from reconciler.planning.slots import find_slot
from reconciler.spec.model import Spec
from reconciler.state.snapshot import ContainerState

INSTANCE = Instance(Spec.model_validate({"name": "p", "containers": {"web": {"image": "app:1"}}}), "web")


@pytest.mark.parametrize(
    ("names", "current"),
    [
        ([], None),
        (["p-web-1"], "p-web-1"),
        (["p-web-1", "p-web-1.next"], "p-web-1"),
        (["p-web-1.old", "p-web-1.next"], "p-web-1.next"),
        (["p-web-1.old", "p-web-1"], "p-web-1"),
        (["p-web-1.old"], "p-web-1.old"),
        (["p-web-1.next"], "p-web-1.next"),
        (["by-hand"], "by-hand"),
        (["by-hand", "p-web-1"], "p-web-1"),
        (["by-hand", "p-web-1.old"], "by-hand"),
        (["before.old", "p-web-1.next"], "p-web-1.next"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else None,
)
def test_who_is_in_service(names: list[str], current: str | None) -> None:
    containers = [ContainerState({"Id": f"id-of-{name}", "Name": f"/{name}"}) for name in names]
    for order in (containers, containers[::-1]):
        slot = find_slot(INSTANCE.name, order)
        assert (slot.current.name if slot.current else None) == current
        assert sorted(one.name for one in slot.leftovers) == sorted(set(names) - {current})


def test_one_under_another_name_comes_before_one_that_is_not_proven() -> None:
    """It was renamed, by hand or in the spec, and its replacement was cut off before the proof: it still serves."""
    serving, unproven = (ContainerState({"Id": name, "Name": f"/{name}"}) for name in ("by-hand", "p-web-1.next"))
    assert find_slot(INSTANCE.name, [unproven, serving]).current is serving
