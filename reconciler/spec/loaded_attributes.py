"""Attributes that the loader carries out, and the model does not have: what they are for, and their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_ANY: Schema = {}


def _mapping(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    found["patternProperties"] = {"^x-": {"description": "yours: not read"}}
    return found | ({"required": list(required)} if required else {})


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}]}


_FILE: Schema = {"anyOf": [_TEXT, _mapping(("path",), path=_TEXT, required=_SCALAR, format={"enum": ["raw"]})]}
_AMOUNTS = _mapping(cpus=_SCALAR, memory=_SCALAR, pids=_SCALAR)
_RESERVED = _mapping(
    cpus=_SCALAR, memory=_SCALAR, devices={"type": "array", "items": {"type": "object"}}, generic_resources=_ANY
)


@dataclass(frozen=True, slots=True)
class LoadedAttribute:
    """An attribute of a container, or of the spec.

    Attributes:
        meaning: what it is for, and what becomes of it.
        example: a value in YAML.
        schema: the JSON Schema of its values.
    """

    meaning: str
    example: str
    schema: Schema


CONTAINER: Mapping[str, LoadedAttribute] = {
    "deploy": LoadedAttribute(
        "Compose's words for replicas, limits, updates and restarts; its parts become the container's own attributes.",
        "{replicas: 2, resources: {limits: {memory: 64m}}}",
        _mapping(
            endpoint_mode=_ANY,
            labels=_ANY,
            mode={"enum": ["replicated", "global", "replicated-job", "global-job"]},
            placement=_ANY,
            replicas=_SCALAR,
            resources=_mapping(limits=_AMOUNTS, reservations=_RESERVED),
            restart_policy=_mapping(condition=_SCALAR, delay=_SCALAR, max_attempts=_SCALAR, window=_SCALAR),
            rollback_config=_ANY,
            update_config=_mapping(
                delay=_SCALAR,
                failure_action=_TEXT,
                max_failure_ratio=_SCALAR,
                monitor=_SCALAR,
                order=_TEXT,
                parallelism=_SCALAR,
            ),
        ),
    ),
    "env_file": LoadedAttribute(
        "Files of variables; they become `environment`, which wins over them. `required: false`: it may be missing; "
        "`format: raw`: read as it is, without quotes and `${NAME}`.",
        "[web.env, {path: local.env, required: false}]",
        _one_or_more(_FILE),
    ),
    "extends": LoadedAttribute(
        "Another container, of this file or another, whose definition is taken where this one gives none.",
        "{service: base, file: common.yaml}",
        {"anyOf": [_TEXT, _mapping(("service",), service=_TEXT, file=_TEXT)]},
    ),
    "label_file": LoadedAttribute(
        "Files of labels; they become `labels`, which wins over them.", "[web.labels]", _one_or_more(_TEXT)
    ),
    "profiles": LoadedAttribute(
        "It is wanted only where one of these is asked for with `--profile`.",
        "[debug]",
        {"type": "array", "items": _SCALAR},
    ),
    "scale": LoadedAttribute("An older word for `replicas`.", "2", _SCALAR),
}
"""Of a container."""

SPEC: Mapping[str, LoadedAttribute] = {
    "include": LoadedAttribute(
        "Other files that become part of this spec, each with its own folder and variables.",
        "[db.yaml, {path: web/reconciler.yaml, env_file: web.env}]",
        {
            "type": "array",
            "items": {
                "anyOf": [
                    _TEXT,
                    _mapping(
                        ("path",),
                        path=_one_or_more(_TEXT),
                        project_directory=_TEXT,
                        env_file=_one_or_more(_TEXT),
                    ),
                ]
            },
        },
    ),
}
"""Of the spec itself."""
