"""Plans volumes: created where they are missing. None is ever replaced or removed, since it holds somebody's data."""

from __future__ import annotations

from reconciler.fields import ownership
from reconciler.fields.place_payload import volume_payload
from reconciler.fields.places import VOLUME
from reconciler.planning.actions import CreateVolume
from reconciler.planning.place_diff import place_differences
from reconciler.planning.places import PlacesPlan, missing, not_ours
from reconciler.planning.plan import Change, Conflict, FieldChange, Notice, Operation
from reconciler.spec.model import Spec, Volume
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import Snapshot, VolumeState


def used_on(spec: Spec, snapshot: Snapshot) -> Spec:
    """The spec, in which each volume that was renamed there has the name that the Engine's volume keeps.

    An Engine can't rename a volume: with `was`, the old one is used on under its old name, as long as there is none of
    the new name.
    """
    if not any(volume.was for volume in spec.volumes.values()):
        return spec
    here = {state.name for state in snapshot.volumes}
    renamed = {
        key: volume.model_copy(update={"name": old.name})
        for key, volume in spec.volumes.items()
        if (old := _forerunner(spec, volume, snapshot)) and not volume.name and spec.volume_name(key) not in here
    }
    return spec.model_copy(update={"volumes": {**spec.volumes, **renamed}}) if renamed else spec


def plan_volumes(spec: Spec, snapshot: Snapshot, plan: PlacesPlan) -> None:
    """Every volume that the spec names, by the names of `used_on`, and ours that it does not."""
    here = {state.name: state for state in snapshot.volumes}
    names = set()
    for key, volume in sorted(spec.volumes.items()):
        name = spec.volume_name(key)
        names.add(name)
        found = here.get(name)
        if found and _is_as_it_was_made(spec, volume, found):
            continue
        _plan(spec, key, name, volume, found, _forerunner(spec, volume, snapshot), plan)
    plan.kept_volumes = sorted(
        state.name
        for state in snapshot.volumes
        if state.name not in names and ownership.project(state.labels) == spec.name
    )


def _is_as_it_was_made(spec: Spec, volume: Volume, found: VolumeState) -> bool:
    """Whether it is ours, and nothing is or was declared of it: a short way past most volumes."""
    labels = found.labels
    return (
        not volume.model_fields_set
        and ownership.DECLARED not in labels
        and labels.get(ownership.PROJECT, "") == spec.name
    )


def _forerunner(spec: Spec, volume: Volume, snapshot: Snapshot) -> VolumeState | None:
    """The volume that it was before, by `was`: by its label, else by its name."""
    if not volume.was or volume.external or volume.was in spec.volumes:
        return None
    ranked = sorted(snapshot.volumes, key=lambda state: state.name)
    labelled = (
        state
        for state in ranked
        if state.labels.get(ownership.PROJECT) == spec.name and state.labels.get(ownership.RESOURCE) == volume.was
    )
    named = (state for state in ranked if state.name == f"{spec.name}_{volume.was}")
    return next(labelled, None) or next(named, None)


def _plan(
    spec: Spec,
    key: str,
    name: str,
    volume: Volume,
    found: VolumeState | None,
    old: VolumeState | None,
    plan: PlacesPlan,
) -> None:
    resource = ResourceKey(Kind.VOLUME, name)
    if volume.external:
        if not found:
            plan.conflicts.append(missing(resource))
        return
    if old and old.name != resource.name:
        plan.conflicts.append(_two(resource, old) if found else _other_name(resource, old))
    elif found is None:
        plan.changes.append(Change(resource, Operation.CREATE))
        action = CreateVolume(
            id=f"{Kind.VOLUME}/{resource.name}:create",
            resource=resource,
            reason="not here yet",
            payload=volume_payload(spec, key, volume),
        )
        plan.ready[resource] = (plan.add(action),)
    elif ownership.project(found.labels) != spec.name:
        plan.conflicts.append(not_ours(resource, found.labels))
    else:
        if old and found.labels.get(ownership.RESOURCE) != key:
            message = f'volume "{key}" is {found.name}, as before: an Engine can\'t rename a volume'
            plan.notices.append(Notice(resource, message))
        _compare(spec, resource, volume, found, plan)


def _compare(spec: Spec, resource: ResourceKey, volume: Volume, found: VolumeState, plan: PlacesPlan) -> None:
    differences = place_differences(VOLUME, volume, found.report, found.labels, spec.settings.sensitive)
    if not differences:
        return
    labels = [change.path for change in differences if change.path.startswith("labels.")]
    options = [change for change in differences if change.path not in labels]
    if labels:
        # Nothing but its labels would be gained, and its data lost.
        stay = "stay as they are" if labels[1:] else "stays as it is"
        message = f"volume {resource.name}: {', '.join(labels)} {stay}: the labels of a volume can't be changed"
        plan.notices.append(Notice(resource, message))
    if options:
        plan.conflicts.append(
            Conflict(
                resource,
                f'volume "{resource.name}" was made with other options: {"; ".join(map(_told, options))}',
                "an Engine can't change a volume: give yours another `name` for a new, empty one; or save its data, "
                f"remove it (docker volume rm {resource.name}) and apply again; or declare it `external: true` "
                "to use it as it is",
            )
        )


def _told(change: FieldChange) -> str:
    if change.sensitive:
        return f"{change.path} differs"
    return f"{change.path} is {change.actual_text}, wanted {change.wanted_text}"


def _two(resource: ResourceKey, old: VolumeState) -> Conflict:
    return Conflict(
        resource,
        f'volume "{resource.name}" exists beside "{old.name}", which it was: "{resource.name}" would be used',
        f"leave `was` out to use it, or write `name: {old.name}` to use the other one on",
    )


def _other_name(resource: ResourceKey, old: VolumeState) -> Conflict:
    return Conflict(
        resource,
        f'volume "{old.name}" can\'t be renamed to "{resource.name}": an Engine has no call for that',
        f"write `name: {old.name}` to use it on, or leave `was` out for a new, empty volume",
    )
