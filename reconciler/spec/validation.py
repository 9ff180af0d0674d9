"""pydantic's errors → diagnostics in the user's words, at the place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from reconciler.spec.diagnostics import Diagnostic, closest
from reconciler.spec.invalid import Invalid
from reconciler.spec.places import Path_, in_text, subject, value_at
from reconciler.spec.problems import MOST, not_listed
from reconciler.spec.salvage import path_of, salvaged, shaped
from reconciler.spec.scalar import REST, Placeholder, Scalar

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from reconciler.spec.model import Spec
    from reconciler.spec.places import Text
    from reconciler.spec.problems import Problems

_LONGEST = 200  # characters of a message or hint: a value may be a megabyte
_OWNER = re.compile(' (of|in) container "[^"]*"$')
_SHAPES = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "path_type": "a path",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
_HOW_TO_WRITE = {
    "a mapping": "write lines such as `key: value` below it",
    "a list": "write `- item` lines below it, or [one, two]",
    "text": "write one value",
    "a path": "write the path of a file or folder",
    "a whole number": "write it in digits, without a unit",
    "true or false": "write true or false, without quotes",
}
_EXAMPLES = {
    "blkio_config": "{weight: 300}",
    "cap_add": "[NET_ADMIN]",
    "cap_drop": "[ALL]",
    "command": '["sh", "-c", "…"]',
    "containers": "{web: {image: nginx:1.27}}",
    "depends_on": "[db]",
    "devices": '["/dev/fuse"]',
    "dns": "[192.0.2.1]",
    "entrypoint": '["sh", "-c", "…"]',
    "environment": "{NAME: value}",
    "expose": '["80"]',
    "extra_hosts": '["db=192.0.2.10"]',
    "gpus": "all",
    "healthcheck": '{test: ["CMD", "curl", "-f", "localhost"], interval: 30s}',
    "image": "nginx:1.27",
    "images": '{"nginx:1.27": {}}',
    "labels": "{name: value}",
    "logging": "{driver: json-file, options: {max-size: 10m}}",
    "networks": "{back: {}}",
    "ports": '["8080:80"]',
    "security_opt": '["no-new-privileges:true"]',
    "sysctls": '{net.core.somaxconn: "1024"}',
    "ulimits": "{nofile: 1024}",
    "volumes": '["data:/var/lib/data"]',
}

_HOOK = '{command: ["/bin/warm-up"]}'
_ITEMS = {
    "devices": '"/dev/fuse", or {source: /dev/fuse, target: /dev/fuse}',
    "gpus": "{count: 1}",
    "ports": '"8080:80", or {target: 80, published: 8080}',
    "post_start": _HOOK,
    "pre_stop": _HOOK,
    "volumes": '"data:/var/lib/data", or {type: volume, source: data, target: /var/lib/data}',
}
_PARTS = {
    ("devices", "source"): "/dev/fuse",
    ("ports", "target"): "80",
    ("volumes", "target"): "/var/lib/data",
    ("volumes", "type"): "volume",
}
_KINDS = {"int": "a number", "float": "a number", "bool": "true or false"}


def validate(document: Text, data: Mapping[str, Any], folder: Path, problems: Problems) -> Spec | None:
    """Plain data → Spec.

    Args:
        document: where the data was read, for positions.
        data: what was read, with variables put in.
        folder: what relative paths are relative to.
        problems: those that there are already; what is wrong here is added.

    Returns:
        The spec. Where there are problems, what is sound of it, so that more can be checked; None where nothing is.
    """
    try:
        spec = shaped(data, folder)
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False, include_input=False) if _is_meant(detail, data)]
        listed = _without_misspelt(details[:MOST])
        problems.add(_once(_diagnostic(document, data, detail) for detail in listed))
        if more := details[MOST:]:
            problems.add([document.diagnostic((), *not_listed(len(more)))])
            return None
        return salvaged(data, [path_of(detail) for detail in details], folder)
    return salvaged(data, [], folder) if problems else spec


def _once(found: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """Once what is wrong with each port of a range, or with what several containers extend."""
    first: dict[tuple[object, str], Diagnostic] = {}
    for one in found:
        first.setdefault((one.position, _OWNER.sub("", one.message)), one)
    return first.values()


def _is_meant(detail: ErrorDetails, data: Mapping[str, Any]) -> bool:
    """Whether it is a mistake, rather than what follows from something that could not be read."""
    path = path_of(detail)
    if detail["type"] == "missing":
        path = (*path[:-1], REST)
    return path[-1:] != (REST,) or not isinstance(value_at(data, path), Placeholder)


_IN_PLACE_OF = {"image": "provider"}
"""Of what is missing, what may stand in its place and is refused."""


def _without_misspelt(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without what is missing because its name is not quite right, or something else is there: that is said of this."""
    unknown: dict[Path_, list[str]] = {}
    for detail in details:
        if detail["type"] == "extra_forbidden":
            *parent, name = path_of(detail)
            unknown.setdefault(tuple(parent), []).append(str(name))
    return [detail for detail in details if detail["type"] != "missing" or not _is_said_already(detail, unknown)]


def _is_said_already(missing: ErrorDetails, unknown: Mapping[Path_, list[str]]) -> bool:
    *parent, name = path_of(missing)
    there = unknown.get(tuple(parent), [])
    return _IN_PLACE_OF.get(str(name)) in there or bool(closest(str(name), there))


def _diagnostic(document: Text, data: Mapping[str, Any], detail: ErrorDetails) -> Diagnostic:
    invalid = detail.get("ctx", {}).get("error")
    path = path_of(detail)
    on_key = "[key]" in detail["loc"]
    if isinstance(invalid, Invalid):
        message, hint = str(invalid), invalid.hint
        on_key = on_key or invalid.key
    else:
        path, message, hint, wrong_key = _explain(detail, path, data)
        on_key = on_key or wrong_key
    path = in_text(document, path)
    message, hint = (_short(text) for text in _without_variables(document, data, path, message, hint))
    return document.diagnostic(path, message, hint, key=on_key)


def _explain(detail: ErrorDetails, path: Path_, data: Mapping[str, Any]) -> tuple[Path_, str, str, bool]:
    """Path, message, hint, and whether the key is meant, for what pydantic itself found."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        from reconciler.spec.unknown import explain  # only where there is something to report

        return path, *explain(path), True
    if kind == "missing":
        name, parent = path[-1], path[:-1]
        return parent, f'{subject(parent)} has no "{name}"', f"add `{name}: {_missing(parent, str(name))}`", True
    if kind in _SHAPES:
        return path, *_shape(path, _SHAPES[kind], value_at(data, path)), False
    if kind in {"literal_error", "enum"}:
        words = context["expected"].replace("'", "")
        return path, f'"{value_at(data, path)}" can\'t stand here', f"write {words}", False
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return path, f"{subject(path)} must be {bound}", f"write a number that is {bound}", False
    # No rule of ours: pydantic's own words, which name no value.
    return path, f"{subject(path)}: {detail['msg']}", "", False


def _missing(parent: Path_, name: str) -> str:
    """What could be written for an attribute that is missing."""
    kind = next((step for step in reversed(parent) if step in _ITEMS), "")
    if name == "image":
        return f"{_EXAMPLES[name]}`, or `build: ."
    return _PARTS.get((str(kind), name)) or _EXAMPLES.get(name, "…")


def _shape(path: Path_, wanted: str, value: Any) -> tuple[str, str]:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    key_value = name in _EXAMPLES and path[-1:] == (name,) and (len(path) != 2 or path[0] == name)
    hint = f"write {name}: {_EXAMPLES[name]}" if key_value else _HOW_TO_WRITE[wanted]
    if len(path) == 2 and path[0] == "containers":
        hint = f"write {path[1]}: {{image: nginx:1.27}}"
    elif path and path[-1:] != (name,) and name in _ITEMS:
        hint = f"write {_ITEMS[name]}"
        wanted = wanted if _ITEMS[name] is _HOOK else "one text, or a mapping"
    elif path[-2:-1] == ("depends_on",):
        hint = f"write {path[-1]}: {{condition: service_started}}, or a list of names: [{path[-1]}]"
    if value is None:
        return f"{subject(path)} has no value", f"{hint}; or remove it"
    return f"{subject(path)} must be {wanted}, not {_is_now(value)}", hint


def _is_now(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return _KINDS.get(value.kind, "text") if isinstance(value, Scalar) else "text"


def _without_variables(
    document: Text, data: Mapping[str, Any], path: Path_, message: str, hint: str
) -> tuple[str, str]:
    """Message and hint without what came from a variable: it may be secret, and a message may go anywhere."""
    for written, value in _put_in(value_at(document.data, path), value_at(data, path)):
        message = message.replace(f'"{value}"', f'the value of "{written}"')
        parts = [part for part in re.findall(r"\w{2,}", value) if part not in written]
        quoted = re.findall('"([^"]*)"', message)
        for text in quoted:
            if text not in written and any(part in text for part in parts):
                part = f'a part of "{written}"' if message.startswith(f'"{text}"') else '"…"'
                message = message.replace(f'"{text}"', part)
        if any(part in hint for part in parts):
            hint = "check what its variables are set to"
    return message, hint


def _put_in(written: Any, value: Any) -> Iterator[tuple[str, str]]:
    """Each text below here that has a variable: as written, and with its value."""
    if isinstance(written, str) and isinstance(value, str):
        if written != value:
            yield written, value
    elif isinstance(written, dict) and isinstance(value, dict):
        for key, item in written.items():
            yield from _put_in(item, value.get(key))
    elif isinstance(written, list) and isinstance(value, list):
        for one, other in zip(written, value, strict=False):
            yield from _put_in(one, other)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 60]}…{text[-60:]}"
