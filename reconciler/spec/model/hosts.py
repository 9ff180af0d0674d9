"""Names of other hosts, with their addresses."""

from __future__ import annotations

import re
from typing import Any

from reconciler.spec.addresses import address
from reconciler.spec.invalid import Invalid
from reconciler.spec.model.several import fail


def extra_hosts(value: Any) -> Any:
    """`["host=ip", "host:ip"]` or `{host: ip or list}` → `{host: [ip, …]}`."""
    pairs: list[tuple[tuple[str | int, ...], str, Any]] = []
    problems: list[Invalid] = []
    if isinstance(value, list):
        for index, item in enumerate(value):
            parts = re.split(r"[=:]", item, maxsplit=1) if isinstance(item, str) else []
            if len(parts) == 2 and all(parts):
                pairs.append(((index,), parts[0], parts[1]))
            else:
                problems.append(Invalid("each extra host is NAME=ADDRESS", 'write "db=192.0.2.10"', at=(index,)))
    elif isinstance(value, dict):
        for host, where in value.items():
            if isinstance(where, list | tuple) and where:
                pairs += [((host, index), host, item) for index, item in enumerate(where)]
            else:
                pairs.append(((host,), host, where))
    else:
        return value
    found: dict[str, list[str]] = {}
    for at, host, where in pairs:
        try:
            found.setdefault(host, []).append(_host_address(where))
        except Invalid as error:
            problems.append(Invalid(str(error), error.hint, at=at))
    fail(problems)
    return found


def _host_address(item: Any) -> str:
    hint = 'write "192.0.2.10", or host-gateway for the host itself'
    if not isinstance(item, str) or not item:
        raise Invalid("an extra host needs an IP address", hint)
    return item if item == "host-gateway" else address(item, hint)
