"""Parts of a container's spec: what runs, when it counts as healthy, how it may use the machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from reconciler.spec import shorthand
from reconciler.spec.invalid import Invalid
from reconciler.spec.model.several import fail
from reconciler.spec.model.values import Duration, Integer, Options, Size, Text, Texts, Value, default_is

_MILLISECOND = 10**6


class State(StrEnum):
    """What a container should be doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    PAUSED = "paused"
    COMPLETED = "completed"
    ABSENT = "absent"


class Restart(Value):
    """What the Engine does when the container exits by itself."""

    name: Literal["no", "always", "unless-stopped", "on-failure"] = "no"
    retries: int = 0

    @property
    def by_itself(self) -> bool:
        """Whether the Engine starts it again also where it has ended well."""
        return self.name in {"always", "unless-stopped"}

    @model_serializer(mode="wrap", when_used="json")
    def _write(self, handler: SerializerFunctionWrapHandler) -> Any:
        if not self.retries:
            return self.name
        short = self.name == "on-failure" and 0 < self.retries < shorthand.MOST_RETRIES
        return f"{self.name}:{self.retries}" if short else handler(self)


class Healthcheck(Value):
    """How the Engine finds out whether the container works. What is not given is the image's.

    Attributes:
        test: the command: `CMD` and its words, or `CMD-SHELL` and a line for the shell; `NONE` for no check.
        interval: between two checks, in nanoseconds.
        timeout: of one check, in nanoseconds.
        retries: so many failures in a row make it unhealthy.
        start_period: for so long failures don't count, in nanoseconds.
        start_interval: between two checks of the start period, in nanoseconds.
    """

    test: tuple[Text, ...] | None = None
    interval: Duration | None = None
    timeout: Duration | None = None
    retries: Annotated[Integer, Field(ge=0)] | None = None
    start_period: Duration | None = None
    start_interval: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _disable(cls, value: Any) -> Any:
        if isinstance(value, dict) and "disable" in value:
            value = dict(value)
            disable = str(value.pop("disable"))
            if disable.lower() not in {"true", "false"}:
                raise Invalid('"disable" is neither true nor false', "write true or false", at=("disable",))
            if disable.lower() == "true":
                return {**value, "test": ["NONE"]}  # what else is set may come from the file that this one overrides
        return value

    @field_validator("test", mode="before")
    @classmethod
    def _test(cls, value: Any) -> Any:
        if isinstance(value, str):
            return ["CMD-SHELL", value]
        if value == []:
            return None
        if isinstance(value, list | tuple):
            kind = value[0] if value and isinstance(value[0], str) else ""
            if kind not in {"NONE", "CMD", "CMD-SHELL"}:
                hint = 'write ["CMD", "curl", "-f", "localhost"], or the command as one text for the shell'
                raise Invalid("a healthcheck's list begins with NONE, CMD or CMD-SHELL", hint)
            if kind != "NONE" and len(value) < 2:
                words = '"curl", "-f", "localhost"' if kind == "CMD" else '"curl -f localhost"'
                hint = f'write ["{kind}", {words}], or ["NONE"] for no check'
                raise Invalid(f"no command follows {kind} in the healthcheck", hint)
        return value

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        wrong = []
        for name in ("interval", "timeout", "start_period", "start_interval"):
            duration = getattr(self, name)
            if duration is not None and 0 < duration < _MILLISECOND:
                hint = f'write {name}: "1s", for example'
                wrong.append(Invalid(f"{name} must be 0 or at least 1ms", hint, at=(name,)))
        fail(wrong)
        return self


class Logging(Value):
    """Where the container's output goes."""

    driver: Text | None = None
    options: Options = {}


class Ulimit(Value):
    """A limit of the kernel's; -1 is none."""

    soft: Integer
    hard: Integer

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.hard != -1 and self.soft > self.hard:
            message = f"the soft limit {self.soft} is over the hard limit {self.hard}"
            raise Invalid(message, "lower the soft limit, or raise the hard one (-1: none)", at=("soft",))
        return self

    @model_serializer(mode="wrap", when_used="json")
    def _write(self, handler: SerializerFunctionWrapHandler) -> Any:
        return self.soft if self.soft == self.hard else handler(self)


class Device(Value):
    """A device of the host."""

    source: Text
    target: Text = ""
    permissions: Text = "rwm"

    @field_validator("permissions", mode="after")
    @classmethod
    def _permissions(cls, value: str) -> str:
        if not value or set(value) - set("rwm"):
            raise Invalid(f'"{value}" are not permissions of a device', "write r, w and m, or some of them: rw")
        return value

    @model_validator(mode="before")
    @classmethod
    def _same_place(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("target"):
            return {**value, "target": value.get("source")}
        return value


class DeviceRequest(Value):
    """Devices that a driver hands out, such as GPUs.

    Attributes:
        count: how many; -1 for all.
    """

    driver: Text = ""
    count: Integer | None = None
    device_ids: Texts = ()
    capabilities: Texts = ("gpu",)
    options: Options = {}

    @field_validator("count", mode="before")
    @classmethod
    def _count(cls, value: Any) -> Any:
        return -1 if value == "all" else value

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.count is not None and self.device_ids:
            raise Invalid("count and device_ids exclude each other", "drop one of them", at=("count",), key=True)
        return self


class Weight(Value):
    """A device's share of the host's block I/O."""

    path: Text
    weight: Integer


class Rate(Value):
    """A limit on a device's block I/O: bytes or operations a second."""

    path: Text
    rate: Size


class Blkio(Value):
    """How the container shares the host's block I/O."""

    weight: Annotated[Annotated[Integer, Field(ge=10, le=1000)] | None, default_is(0)] = None
    weight_device: tuple[Weight, ...] = ()
    device_read_bps: tuple[Rate, ...] = ()
    device_read_iops: tuple[Rate, ...] = ()
    device_write_bps: tuple[Rate, ...] = ()
    device_write_iops: tuple[Rate, ...] = ()


Ulimits = Annotated[dict[str, Ulimit], BeforeValidator(shorthand.ulimits)]
