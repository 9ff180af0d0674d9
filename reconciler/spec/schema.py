"""The JSON Schema of a spec, for editors and CI: made from the model, and open to the short syntaxes that it reads.

What a value means the model alone decides (a range of ports, a reference); the schema knows names, shapes and words.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from reconciler.spec import attributes, loaded_attributes
from reconciler.spec.loaded_attributes import LoadedAttribute
from reconciler.spec.model import Spec
from reconciler.spec.model.descriptions import CONTAINER, PARTS

if TYPE_CHECKING:
    from pydantic_core import core_schema

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_VARIABLE: Schema = {"type": "string", "pattern": r"\$"}
"""A value that an environment variable decides: `${NAME}`, `$NAME`."""

_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
"""Text: YAML's numbers and booleans stay as they are written."""

_TEXT: Schema = {"type": "string"}
_WORDS: Schema = {"type": "array", "items": _SCALAR}

PATTERNS = {
    "integer": r"^[-+]?\d+$|\$",
    "duration": r"^((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$|^0$|\$",
    "size": r"^\d+(\.\d+)? ?[kmgtpKMGTP]?([iI]?[bB])?$|\$",
    "size_or_unlimited": r"^-1$|^\d+(\.\d+)? ?[kmgtpKMGTP]?([iI]?[bB])?$|\$",
    "cpus": r"^(\d+(\.\d*)?|\.\d+)$|\$",
    "microseconds": r"^[-+]?\d+$|^((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$|\$",
}
"""What each parser of `reconciler.spec.quantities` takes as text."""


_PULL_POLICY = r"^(always|missing|if_not_present|never|build|daily|weekly|refresh|every_([0-9]+[wdhms])+)$|\$"


def _number(parser: str, plain: Schema) -> Schema:
    number = plain | {"type": "number" if parser == "cpus" else "integer"}
    return _either(number, {"type": "string", "pattern": PATTERNS[parser]})


def _either(*schemas: Schema) -> Schema:
    found: list[Schema] = []
    for schema in schemas:
        found += [one for one in schema.get("anyOf", [schema]) if one not in found]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _or_null(mapping: Schema) -> Schema:
    return mapping | {"additionalProperties": _either(mapping["additionalProperties"], {"type": "null"})}


_SHORT: dict[str, Callable[[Schema], Schema]] = {
    "_text": lambda _plain: _SCALAR,
    "_boolean": lambda plain: _either(plain, {"enum": ["true", "false", "True", "False", "TRUE", "FALSE"]}, _VARIABLE),
    "_words": lambda plain: _either(plain, _TEXT),
    "_one_or_more": lambda plain: _either(plain, _TEXT),
    "_name": lambda plain: plain | {"pattern": r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$|\$"},
    "_engine_name": lambda plain: plain | {"pattern": r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$|\$"},
    "_expose": lambda _plain: {"type": "array", "items": {"type": ["string", "integer"]}},
    "extra_hosts": lambda plain: _either(
        plain | {"additionalProperties": _either(plain["additionalProperties"], _TEXT)}, _WORDS
    ),
    "_mac": lambda _plain: {"type": "string", "pattern": r"^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$|\$"},
    "_mode": lambda _plain: {"type": ["string", "integer"], "pattern": r"^0?o?[0-7]{1,4}$|\$"},
    "_pull_policy": lambda _plain: {"type": "string", "pattern": _PULL_POLICY},
    "_age": lambda _plain: {"type": "string", "pattern": r"^([0-9]+[wdhms])+$|\$"},
    "_platform": lambda _plain: {"type": "string", "pattern": r"^[a-z0-9_]+(/[a-z0-9_]+(/[a-z0-9_.]+)?)?$|\$"},
    "_ssh": lambda plain: _either(
        plain, _TEXT, {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    ),
    "context": lambda plain: _either(plain, _TEXT),
    "_gpus": lambda plain: _either(plain, {"const": "all"}, _VARIABLE),
    "ulimits": lambda plain: (
        plain | {"additionalProperties": _either(plain["additionalProperties"], _number("integer", {}))}
    ),
    "tmpfs_mounts": lambda plain: _either(plain, _TEXT, _WORDS),
    "_empty": lambda plain: _either(_or_null(plain), {"type": "null"}),
    "_test": lambda plain: _either(plain, _TEXT),
    "_count": lambda plain: _either(plain, {"const": "all"}),
    "_networks": lambda plain: _either(_or_null(plain), _WORDS),
    "_depends_on": lambda plain: _either(plain, _WORDS),
    "_restart": lambda plain: _either(
        {"type": "string", "pattern": r"^(no|always|unless-stopped|on-failure(:\d+)?)$|\$"}, plain
    ),
}
"""The validators that read a short syntax, by name, and what they take besides the long one."""

_MORE = {"Healthcheck": {"disable": {"description": "`true`: no check.", "type": "boolean"}}}
"""Attributes that a validator takes away before the model sees them."""


class _Reader(GenerateJsonSchema):
    """Makes the schema of what the validators read, where pydantic's own is that of what they give."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        function = schema["function"]["function"]
        plain = self.generate_inner(schema["schema"])
        around = inspect.getclosurevars(inspect.unwrap(function)).nonlocals if inspect.isfunction(function) else {}
        if "words" in around:  # one_of
            return _either({"enum": list(around["words"])}, _VARIABLE)
        if "modes" in around:  # namespace
            return _either({"enum": list(around["modes"])}, {"type": "string", "pattern": r"^(service|container):.|\$"})
        if "nothing" in around:  # default_is
            return _either(plain, {"const": around["nothing"]})
        if "what" in around:  # pairs
            return _either({"type": "object", "additionalProperties": _SCALAR}, _WORDS)
        if "expand" in around:  # each
            items = _either(plain["items"], {"type": ["string", "integer"]})
            return plain | {"items": items}
        if "parse" in around:  # a number with a unit
            return _number(around["parse"].__name__, plain)
        open_to = _SHORT.get(function.__name__)
        return open_to(plain) if open_to else plain

    def dict_schema(self, schema: core_schema.DictSchema) -> Schema:
        found = super().dict_schema(schema)
        # A key that is no name is an error, rather than something unknown.
        for pattern, values in found.pop("patternProperties", {}).items():
            found |= {"propertyNames": {"pattern": pattern}, "additionalProperties": values}
        return found

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        found = super().model_schema(schema)
        model: type = schema["cls"]
        text, told = _documentation(model)
        properties = found["properties"] = found.get("properties", {}) | _MORE.get(model.__name__, {})
        for name, one in properties.items():
            properties[name] = {"description": told[name]} if name in told else {}
            properties[name] |= {key: value for key, value in one.items() if key not in {"title", "default"}}
        found.pop("title", None)
        return found | {"description": text, "patternProperties": {"^x-": {"description": "yours: not read"}}}


def _with_bounds(value: Any) -> Any:
    """Pydantic leaves the bounds of a number that a validator reads first beside it, in words of its own."""
    if isinstance(value, list):
        return [_with_bounds(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_bounds(item) for key, item in value.items()}
    bounds = {word: found.pop(key) for key, word in (("ge", "minimum"), ("le", "maximum")) if key in found}
    if bounds:
        found["anyOf"] = [one | bounds if one.get("type") == "integer" else one for one in found["anyOf"]]
    return found


def _documentation(model: type) -> tuple[str, dict[str, str]]:
    """What a model's docstring says of it, and of its attributes."""
    text, _, attributes = inspect.cleandoc(model.__doc__ or "").partition("\n\nAttributes:\n")
    told = {}
    for match in re.finditer(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", attributes, re.MULTILINE):
        told[match[1].rstrip("_")] = _sentence(re.sub(r"\s+", " ", match[2]))
    told |= PARTS.get(model.__name__, {})
    return text, told | ({name: one for name, (one, _) in CONTAINER.items()} if model.__name__ == "Container" else {})


def _sentence(text: str) -> str:
    # The model counts in nanoseconds and bytes; a person writes units.
    text = text.replace(", in nanoseconds", ', such as "30s"').replace("in bytes", 'such as "64m"')
    return f"{text[0].upper()}{text[1:].removesuffix('.')}."


def _loaded(known: Mapping[str, LoadedAttribute], table: attributes.Table) -> Schema:
    """What the loader carries out, and what it ignores with a note."""
    found = {name: {"description": one.meaning, **one.schema} for name, one in known.items()}
    for name, attribute in table.items():
        if attribute.standing is attributes.Standing.IGNORED:
            found[name] = {"description": f"Has no effect: it {attribute.note}.", "deprecated": True}
    return found


def spec_schema() -> Schema:
    """The JSON Schema of a spec file, in the native form."""
    found: Schema = _with_bounds(Spec.model_json_schema(by_alias=True, schema_generator=_Reader))
    found.pop("required", None)  # the name of the project may be the folder's
    found["properties"]["spec"] = {"description": "The version of this form.", "const": "v1"}
    found["properties"] |= _loaded(loaded_attributes.SPEC, attributes.TOP)
    container = found["$defs"]["Container"]
    container["properties"] |= _loaded(loaded_attributes.CONTAINER, attributes.CONTAINER)
    container["required"].remove("image")  # the loader finds another way to it
    container["anyOf"] = [{"required": [name]} for name in ("image", "build", "extends")]
    sections = found["properties"]
    sections["containers"]["anyOf"][0]["additionalProperties"] = {"$ref": "#/$defs/Container"}  # there is no empty one
    return {"$schema": DIALECT, "title": "A spec of reconciler", **{k: v for k, v in found.items() if k != "title"}}
