"""A saved plan: a check, not a payload. It says what was agreed to; whoever applies it plans again and compares.

No value of an action is in it, only a digest of each action, and nobody can guess a secret by them alone: their key is
made of the whole spec, slowly, with a salt of this file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from reconciler.planning.plan import Change, FieldChange, Operation, Plan
from reconciler.spec.writing import native
from reconciler.state.identity import EngineIdentity
from reconciler.state.resource import Kind, ResourceKey
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.planning.actions import Action
    from reconciler.spec.model import Spec

FORM = "v1"
"""The version of the file's form."""

_WORK = 2**14
"""What a guess costs: 16 MiB, and tens of milliseconds."""


class UnknownForm(Exception):
    """A saved plan of another version's form."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What the file holds.

    Attributes:
        reconciler: the version that wrote it.
        engine_id: by which the Engine knows itself.
        salt: of this file.
        spec: the digest of the spec.
        plan: project, Engine and changes, to be shown; the values of its fields are left out, and so are its actions.
        actions: the digest of each, by its ID.
    """

    reconciler: str
    engine_id: str
    salt: bytes
    spec: str
    plan: Plan
    actions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Differences:
    """How a plan differs from a saved one.

    Attributes:
        spec: whether it is of another spec. Then nothing is known of `other`.
        gone: the IDs of actions that only the saved plan has.
        new: of those that it does not have.
        other: of those that would do something else by now.
    """

    spec: bool
    gone: tuple[str, ...]
    new: tuple[str, ...]
    other: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.spec or self.gone or self.new or self.other)


def saved_plan(plan: Plan, spec: Spec, engine_id: str, salt: bytes) -> SavedPlan:
    """A plan, to be saved.

    Args:
        plan: without conflicts.
        spec: of which it was made.
        engine_id: by which the Engine knows itself.
        salt: random, 16 bytes, another one for each file.
    """
    text = _text(native(spec))
    key = hashlib.scrypt(text, salt=salt, n=_WORK, r=8, p=1)
    actions = {action.id: _digest(key, _text(_plain(action))) for action in plan.actions}
    return SavedPlan(__version__, engine_id, salt, _digest(key, b"spec"), plan, actions)


def differences(saved: SavedPlan, plan: Plan, spec: Spec, engine_id: str) -> Differences:
    """What has become different since; false where it comes to the same actions."""
    now = saved_plan(plan, spec, engine_id, saved.salt)
    same_spec = hmac.compare_digest(now.spec, saved.spec)
    both = [one for one in saved.actions if one in now.actions] if same_spec else []
    return Differences(
        spec=not same_spec,
        gone=tuple(one for one in saved.actions if one not in now.actions),
        new=tuple(one for one in now.actions if one not in saved.actions),
        other=tuple(one for one in both if not hmac.compare_digest(now.actions[one], saved.actions[one])),
    )


def written(saved: SavedPlan) -> dict[str, Any]:
    """The content of the file, in JSON's own types."""
    engine = saved.plan.engine
    return {
        "saved_plan": FORM,
        "reconciler": saved.reconciler,
        "project": saved.plan.project,
        "engine": {
            "id": saved.engine_id,
            "version": engine.version,
            "api_version": engine.api_version,
            "os": engine.os,
            "arch": engine.arch,
        },
        "salt": saved.salt.hex(),
        "spec": saved.spec,
        "changes": [
            {
                "kind": change.resource.kind.value,
                "name": change.resource.name,
                "operation": change.operation.value,
                "note": change.note,
                "fields": [_written_field(field) for field in change.fields],
            }
            for change in saved.plan.changes
        ],
        "actions": dict(saved.actions),
    }


def read(data: Any) -> SavedPlan:
    """The file's content, back.

    Raises:
        UnknownForm: it is of another version's form.
        ValueError: it is no saved plan, or not a whole one.
    """
    try:
        if data["saved_plan"] != FORM:
            raise UnknownForm(str(data["saved_plan"]))
        engine = data["engine"]
        plan = Plan(
            project=str(data["project"]),
            engine=EngineIdentity(*(str(engine[name]) for name in ("version", "api_version", "os", "arch"))),
            changes=tuple(map(_change, data["changes"])),
        )
        actions = {str(action): str(digest) for action, digest in data["actions"].items()}
        salt = bytes.fromhex(data["salt"])
        return SavedPlan(str(data["reconciler"]), str(engine["id"]), salt, str(data["spec"]), plan, actions)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _written_field(field: FieldChange) -> dict[str, Any]:
    found: dict[str, Any] = {"path": field.path, "wanted": None, "actual": None, "sensitive": field.sensitive}
    if field.sensitive:
        # Enough to say again whether it is added, removed or changed.
        return found | {"is_wanted": field.wanted is not None, "is_there": field.actual is not None}
    return found | {"wanted": field.wanted_text, "actual": field.actual_text}


def _change(data: Any) -> Change:
    resource = ResourceKey(Kind(data["kind"]), str(data["name"]))
    return Change(resource, Operation(data["operation"]), str(data["note"]), tuple(map(_field, data["fields"])))


def _field(data: Any) -> FieldChange:
    if data["sensitive"]:
        is_wanted, is_there = (True if data[name] else None for name in ("is_wanted", "is_there"))
        return FieldChange(str(data["path"]), is_wanted, is_there, "", "", sensitive=True)
    wanted, actual = str(data["wanted"]), str(data["actual"])
    return FieldChange(str(data["path"]), wanted, actual, wanted, actual)


def _digest(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _text(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _plain(value: Action | object) -> object:
    """An action, with all that it would send, in JSON's own types; why is not part of it."""
    if is_dataclass(value):
        return {
            "kind": getattr(value, "kind", ""),
            **{field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name != "reason"},
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
