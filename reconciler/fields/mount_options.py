"""The options of a mount, as one text: `addr=192.0.2.5,rw`. Their order means something where one undoes another."""

from __future__ import annotations

_RELATED = (
    {"ro", "rw"},
    {"sync", "async"},
    {"atime", "relatime", "strictatime"},
    {"bind", "rbind"},
    {"shared", "private", "slave", "unbindable", "rshared", "rprivate", "rslave", "runbindable"},
    {"soft", "hard", "softerr"},
    {"fg", "bg"},
    {"proto", "tcp", "udp", "rdma"},
    {"vers", "nfsvers", "v2", "v3", "v4", "v4.0", "v4.1", "v4.2"},
    {"user", "username"},
    {"pass", "password"},
)
"""Of each the last one holds, besides of those with the same name, or with `no` before it."""

_FAMILIES = {name: min(names) for names in _RELATED for name in names}


def same_options(one: str, other: str) -> bool:
    """Whether two texts mean the same options: in another order, but for those of which a later one wins."""
    return one == other or _families(one) == _families(other)


def _families(text: str) -> dict[str, list[str]]:
    """The options that are about one thing, in their order, by what they are about."""
    found: dict[str, list[str]] = {}
    for option in filter(None, text.split(",")):
        name = option.partition("=")[0]
        name = name.removeprefix("no") if name not in _FAMILIES else name
        found.setdefault(_FAMILIES.get(name, name), []).append(option)
    return found
