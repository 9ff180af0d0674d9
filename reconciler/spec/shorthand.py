"""Short syntaxes → plain values: "pages:/www", "on-failure:3", "KEY=value". Compose's grammar, exactly.

Source: https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from reconciler.spec.addresses import ports
from reconciler.spec.invalid import Invalid
from reconciler.spec.quantities import cpus, duration, integer, microseconds, size

__all__ = [
    "Invalid",
    "capability",
    "command",
    "cpus",
    "device",
    "duration",
    "integer",
    "microseconds",
    "ports",
    "restart",
    "size",
    "ulimits",
    "volume",
]

PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
CDI = re.compile(r"[a-z0-9][a-z0-9.-]*\.[a-z0-9.-]+/[A-Za-z0-9][\w-]*=[\w.:-]+")
"""The name of a device by the Container Device Interface: `vendor.com/class=name`."""
_MOUNT_FORMS = 'write "VOLUME:/PATH", "./FOLDER:/PATH" or "VOLUME:/PATH:ro"'
MOST_RETRIES = 1 << 31


def volume(text: str) -> dict[str, Any]:
    """`[SOURCE:]TARGET[:OPTIONS]` → a mapping in the long syntax."""
    if _WINDOWS_DRIVE.match(text):
        hint = "only Linux engines are supported; and the name of a volume has two characters at least"
        raise Invalid(f'"{text}" begins like a Windows path', hint)
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise Invalid(f'"{text}" is not a volume', _MOUNT_FORMS)
    source, target, options = (["", *parts, ""] if len(parts) == 1 else [*parts, ""])[:3]
    if not target.startswith("/"):
        hint = _MOUNT_FORMS if len(parts) == 1 else "the path in the container begins with /"
        raise Invalid(f'"{text}" is mounted at "{target}", which is not an absolute path', hint)
    mount: dict[str, Any] = {"type": "volume", "source": source, "target": target}
    if source.startswith((".", "/", "~")):
        mount["type"] = "bind"
    elif "/" in source:
        raise Invalid(f'"{source}" is neither a volume nor a path', f'write "./{source}:{target}" for a folder')
    for option in filter(None, options.split(",")):
        _mount_option(mount, option, text)
    return mount


def _mount_option(mount: dict[str, Any], option: str, text: str) -> None:
    if option == "ro":
        mount["read_only"] = True
    elif option in {"z", "Z"}:
        mount.setdefault("bind", {})["selinux"] = option
    elif option == "nocopy" and mount["type"] == "volume":
        mount.setdefault("volume", {})["nocopy"] = True
    elif option in PROPAGATIONS and mount["type"] == "bind":
        mount.setdefault("bind", {})["propagation"] = option
    elif option in {"cached", "delegated", "consistent"}:
        mount["consistency"] = option
    elif option in {"nocopy", *PROPAGATIONS}:
        other = "bind" if mount["type"] == "volume" else "volume"
        raise Invalid(f'the option "{option}" in "{text}" is for a {other}', "leave it out")
    elif option != "rw":
        words = "the options are ro, rw, z, Z, nocopy, and for binds a propagation such as rshared"
        raise Invalid(f'"{text}" has the unknown option "{option}"', words)


def restart(text: str) -> dict[str, Any]:
    """`no`, `always`, `unless-stopped`, `on-failure[:N]` → name and most retries."""
    name, colon, count = text.partition(":")
    if name not in {"no", "always", "unless-stopped", "on-failure"} or (colon and name != "on-failure"):
        raise Invalid(
            f'"{text}" is not a restart policy',
            'write "no", always, unless-stopped, on-failure or on-failure:3',
        )
    if colon and not (re.fullmatch("[0-9]{1,10}", count) and int(count) < MOST_RETRIES):
        raise Invalid(f'"{text}" has no valid number of retries', "write on-failure:3")
    return {"name": name, "retries": int(count or 0)}


def command(text: str) -> list[str]:
    """A command line → its words, by the shell's quoting rules (no shell runs it)."""
    try:
        return shlex.split(text)
    except ValueError as error:
        if "escape" in str(error):
            wrong, hint = "ends in a backslash", "write two, or a list"
        else:
            wrong, hint = "has a quote that is not closed", "close it, or write a list"
        raise Invalid(f"the command {wrong}", f'{hint}: ["sh", "-c", "…"]') from None


def ulimits(value: Any) -> Any:
    """`{nofile: 1024}` or `{nofile: {soft: 1, hard: 2}}` → the long form."""
    if not isinstance(value, dict):
        return value
    return {name: {"soft": item, "hard": item} if isinstance(item, str | int) else item for name, item in value.items()}


def capability(text: str) -> str:
    """`NET_ADMIN`, `cap_net_admin` → `CAP_NET_ADMIN`; `ALL` stays."""
    name = text.upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def device(text: str) -> dict[str, Any]:
    """`SOURCE[:TARGET[:PERMISSIONS]]` → a mapping in the long syntax."""
    if CDI.fullmatch(text):
        return {"source": text, "target": text}
    source, _, rest = text.partition(":")
    target, _, permissions = rest.partition(":")
    if not permissions and target and not target.startswith("/"):
        target, permissions = "", target
    if not source.startswith("/"):
        raise Invalid(f'"{text}" is not a device', 'write "/dev/sda", "/dev/sda:/dev/xvda" or "/dev/sda:/dev/xvda:r"')
    return {"source": source, "target": target or source, "permissions": permissions or "rwm"}
