"""Sample values of every row of the field table, with what a plan must say when they come, change and go.

`tests/unit/fields/test_table.py` fails where a row has none; `tests/integration/test_rows.py` tries each on an Engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REPLACE, UPDATE, START, STOP = "replace", "update", "start", "stop"

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row, by two values. `PROJECT` in a value stands for the project's name.

    Attributes:
        first: attributes of a container.
        again: the same in another spelling; None where there is but one.
        second: other values; None where the attribute has but one.
        base: what is declared all the time, also where the sample is not.
        running: tried on a container that runs, since something is to be mended in place.
        added: the operation, and the paths, when `first` is declared where nothing was.
        changed: likewise when `second` takes the place of `first`.
        removed: likewise when nothing is declared any more.
        dropped: why an Engine may report less than it was told; then only the digest settles the row.
        refused: why an Engine here does not take it at all.
        alone: why it can't be combined with others.
    """

    first: Attributes
    again: Attributes | None
    second: Attributes | None
    base: Attributes = field(default_factory=dict)
    running: bool = False
    added: tuple[str, tuple[str, ...]]
    changed: tuple[str, tuple[str, ...]]
    removed: tuple[str, tuple[str, ...]]
    dropped: str = ""
    refused: str = ""
    alone: str = ""


_NONE: Any = object()


def replaced(
    attribute: str,
    first: Any,
    second: Any = None,
    *,
    again: Any = _NONE,
    keys: tuple[str, str, str] | None = None,
    **others: Any,
) -> Sample:
    """A row that only a replacement can mend.

    Args:
        attribute: its path.
        first: a value.
        second: another.
        again: the first in another spelling.
        keys: of a row that is compared by key: which come, change and go, separated by spaces.
        **others: see Sample.
    """
    added, changed, removed = (
        [tuple(f"{attribute}.{key}" for key in step.split()) for step in keys] if keys else [(attribute,)] * 3
    )
    return Sample(
        first={attribute: first},
        again=None if again is _NONE else {attribute: again},
        second=None if second is None else {attribute: second},
        **{"added": (REPLACE, added), "changed": (REPLACE, changed), "removed": (REPLACE, removed)} | others,
    )


def in_place(
    attribute: str, first: Any, second: Any, *, again: Any = _NONE, back: str = UPDATE, **others: Any
) -> Sample:
    """A row that is mended on the running container.

    Args:
        attribute: its path.
        first: a value.
        second: another.
        again: the first in another spelling.
        back: what it takes to be rid of it.
        **others: see Sample.
    """
    made = {"added": (UPDATE, (attribute,)), "changed": (UPDATE, (attribute,)), "removed": (back, (attribute,))}
    return replaced(attribute, first, second, again=again, **{"running": True} | made | others)


NO_REALTIME = "needs a kernel with real-time group scheduling"
NO_QUOTA = "needs a storage driver with quotas"
NO_WEIGHT = "a kernel without block I/O weights: the Engine drops it with a warning"
OWNER = "restart-1"
"""A sample whose container runs, and is never replaced: others use what is its own."""
OF_ANOTHER = "needs another container"
HERE = {"create_host_path": False}
CONTENTS: Mapping[str, Any] = {
    "configs": {"site": {"content": "listen 80;"}, "extra": {"content": "more"}},
    "secrets": {"key": {"file": "key.txt"}, "extra": {"file": "key.txt"}},
}
"""The configs and secrets of the project that the samples are of; the file is to be there."""

NO_CHANGE: tuple[str, tuple[str, ...]] = ("", ())
SAYS_NOTHING: Mapping[str, Any] = {"added": NO_CHANGE, "alone": "the same attribute as another sample"}
"""What means the same as no attribute at all."""

LIMIT = {"back": REPLACE}  # the Engine's update call can't take a limit away

SAMPLES: Mapping[str, tuple[Sample, ...]] = {
    # --- what runs ---
    "container_name": (in_place("container_name", "PROJECT.one", "PROJECT-two", alone="a name is one container's"),),
    "image": (replaced("image", "test-idle:2", "test-idle:3", again="docker.io/library/test-idle:2"),),
    "command": (
        replaced("command", ["sleep", "1"], ["sleep", "2"], again="sleep 1"),
        replaced("command", ["echo", "1 2", ""], ["echo", "1", "2"], again="echo '1 2' ''",
                 alone="the same attribute as another sample"),
    ),
    "entrypoint": (
        replaced(
            "entrypoint", ["/bin/sh", "-c"], ["/bin/busybox"], again="/bin/sh -c", base={"command": ["true"]},
            alone="without a command of its own there is nothing to run",
        ),
    ),
    "environment": (
        replaced(
            "environment", {"A": "1", "B": ""}, {"A": "2", "C": 3}, again=["A=1", "B="],
            keys=("A B", "A B C", "A C"),
        ),
        replaced("environment", {"FROM_IMAGE": "spec"}, {"FROM_IMAGE": "image"}, again=["FROM_IMAGE=spec"],
                 keys=("FROM_IMAGE", "FROM_IMAGE", ""), removed=("", ()),
                 alone="the same attribute as another sample"),
    ),
    "labels": (
        replaced("labels", {"a.b/c": "1"}, {"a.b/c": "2", "d": ""}, again=["a.b/c=1"],
                 keys=("a.b/c", "a.b/c d", "a.b/c d")),
    ),
    "user": (
        replaced("user", "1000", "1000:1000", again=1000),
        replaced("user", "", "1000", **SAYS_NOTHING),
    ),
    "working_dir": (
        replaced("working_dir", "/tmp/", "/", again="//tmp"),
        replaced("working_dir", "", "/", **SAYS_NOTHING),
    ),
    "hostname": (
        replaced("hostname", "one", "two.example.org"),
        replaced("hostname", "", "one", **SAYS_NOTHING),
    ),
    "domainname": (replaced("domainname", "example.com", "example.org"),),
    "restart": (
        in_place("restart", "always", "unless-stopped", again={"name": "always"}),
        in_place("restart", "on-failure:3", "on-failure", again={"name": "on-failure", "retries": 3}),
    ),
    "state": (
        replaced("state", "stopped", "running", running=True, alone="decides what can be seen of the others",
                 added=(STOP, ("state",)), changed=(START, ("state",)), removed=("", ())),
    ),
    "tty": (replaced("tty", first=True, again="true", second=False, removed=("", ())),),
    "stdin_open": (replaced("stdin_open", first=True, again="True"),),
    "group_add": (replaced("group_add", [100, "audio"], ["200"], again=["audio", "100", "audio"]),),
    "annotations": (replaced("annotations", {"a": "b"}, {"a": "c"}, again=["a=b"]),),
    "init": (replaced("init", first=True, again="true", second=False),),
    "runtime": (
        replaced("runtime", "io.containerd.runc.v2", "runc"),
        replaced("runtime", "", "io.containerd.runc.v2", **SAYS_NOTHING),
    ),
    "stop_signal": (
        replaced("stop_signal", "SIGINT", "SIGUSR1", again="int"),
        replaced("stop_signal", "37", "SIGIOT", again="SIGRTMIN+3", alone="the same attribute as another sample"),
        replaced("stop_signal", "abrt", "RTMAX-14", again="SIGIOT", alone="the same attribute as another sample"),
    ),
    "stop_grace_period": (
        replaced("stop_grace_period", "3s", "1m30s", again="3000ms"),
        replaced("stop_grace_period", "10s", "0s", **SAYS_NOTHING),
    ),
    "healthcheck": (
        replaced(
            "healthcheck",
            {"test": "true", "interval": "5s", "retries": 2},
            {"test": ["CMD", "true"], "interval": "5s", "timeout": "1s"},
            again={"test": ["CMD-SHELL", "true"], "interval": "5000ms", "retries": "2"},
            keys=("interval retries test", "retries test timeout", "interval test timeout"),
        ),
        replaced("healthcheck", {"disable": True}, {"test": ["CMD", "true"]}, again={"test": ["NONE"]},
                 keys=("test", "test", "test"), alone="the same attribute as another sample"),
        replaced(
            "healthcheck",
            {"test": "true", "start_period": "5s", "start_interval": "1s"},
            {"test": "true", "start_period": "5s", "start_interval": "2s"},
            again={"test": ["CMD-SHELL", "true"], "start_period": "5000ms", "start_interval": "1000ms"},
            keys=("start_interval start_period test", "start_interval", "start_interval start_period test"),
            alone="the same attribute as another sample",
        ),
        replaced("healthcheck", {"test": []}, {"test": "true"}, again={}, keys=("", "test", "test"), **SAYS_NOTHING),
        replaced("healthcheck", {"disable": True, "interval": "5s"}, {"test": ["CMD", "true"], "interval": "5s"},
                 again={"test": ["NONE"], "interval": "5s"}, keys=("interval test", "test", "interval test"),
                 alone="the same attribute as another sample"),
    ),
    "logging": (
        replaced(
            "logging",
            {"driver": "json-file", "options": {"max-size": "1m", "max-file": 2}},
            {"driver": "json-file", "options": {"max-size": "2m"}},
            again={"driver": "json-file", "options": ["max-file=2", "max-size=1m"]},
            keys=("options.max-file options.max-size", "options.max-file options.max-size",
                  "driver options.max-size"),
        ),
        replaced("logging", {"driver": "none"}, {"driver": "local"}, keys=("driver", "driver", "driver"),
                 alone="the same attribute as another sample"),
    ),
    # --- what it may do ---
    "privileged": (replaced("privileged", first=True, again="true"),),
    "cap_add": (replaced("cap_add", ["NET_ADMIN", "SYS_TIME"], ["ALL"], again=["sys_time", "CAP_NET_ADMIN"]),),
    "cap_drop": (replaced("cap_drop", ["ALL"], ["CHOWN"], again=["all"]),),
    "security_opt": (
        replaced("security_opt", ["no-new-privileges:true", "seccomp=unconfined"], ["apparmor=unconfined"],
                 again=["seccomp:unconfined", "no-new-privileges"]),
    ),
    "read_only": (replaced("read_only", first=True, again="true"),),
    "cgroup": (replaced("cgroup", "private", "host"),),
    "cgroup_parent": (replaced("cgroup_parent", "/one", "/two"),),
    "ipc": (
        replaced("ipc", "shareable", "host"),
        replaced("ipc", f"service:{OWNER}", "private", alone=OF_ANOTHER),
    ),
    "pid": (
        replaced("pid", "host"),
        replaced("pid", f"service:{OWNER}", "host", alone=OF_ANOTHER),
    ),
    "uts": (replaced("uts", "host", alone="excludes a hostname"),),
    "userns_mode": (replaced("userns_mode", "host"),),
    "sysctls": (
        replaced("sysctls", {"net.ipv4.ip_forward": 1}, {"net.ipv4.ip_forward": "0"}, again=["net.ipv4.ip_forward=1"]),
    ),
    "device_cgroup_rules": (replaced("device_cgroup_rules", ["c 1:3 mr"], ["c 1:3 mrw", "b *:* r"]),),
    "devices": (
        replaced("devices", ["/dev/null:/dev/mine", "/dev/zero"], ["/dev/zero:r"],
                 again=["/dev/zero:/dev/zero:mrw", {"source": "/dev/null", "target": "/dev/mine"}]),
        replaced("devices", ["vendor.com/gpu=0", "/dev/zero"], ["vendor.com/gpu=1"],
                 again=["/dev/zero", {"source": "vendor.com/gpu=0"}], alone="the same attribute as another sample"),
    ),
    "gpus": (
        replaced("gpus", "all", [{"driver": "nvidia", "device_ids": ["0"], "options": {"a": "b"}}],
                 again=[{"count": "all", "capabilities": ["gpu"]}]),
    ),
    # --- how much of the machine it gets ---
    "mem_limit": (in_place("mem_limit", "64m", "128m", again=67108864, **LIMIT),),
    "mem_reservation": (in_place("mem_reservation", "32m", "48m", again="32768k", **LIMIT),),
    "memswap_limit": (
        in_place("memswap_limit", "96m", "160m", again="98304k", base={"mem_limit": "64m"},
                 alone="needs a memory limit"),
        replaced("memswap_limit", -1, again="-1", running=True, removed=NO_CHANGE, **SAYS_NOTHING),
    ),
    "cpus": (in_place("cpus", "0.5", "1", again=0.50, alone="excludes cpu_quota", **LIMIT),),
    "cpu_shares": (
        in_place("cpu_shares", 512, 256, again="512", **LIMIT),
        in_place("cpu_shares", 0, 256, again="0", **{**LIMIT, **SAYS_NOTHING}),
    ),
    "cpu_period": (in_place("cpu_period", 50000, 100000, again="50ms", alone="excludes cpus", **LIMIT),),
    "cpu_quota": (in_place("cpu_quota", 50000, 60000, again="50ms", alone="excludes cpus", **LIMIT),),
    "cpu_rt_period": (in_place("cpu_rt_period", 100000, 200000, again="100ms", refused=NO_REALTIME, **LIMIT),),
    "cpu_rt_runtime": (in_place("cpu_rt_runtime", 1000, 2000, again="1ms", refused=NO_REALTIME, **LIMIT),),
    "cpuset": (in_place("cpuset", "0,1", "0", again="0-1", **LIMIT),),
    "pids_limit": (in_place("pids_limit", 100, 200, again="100"),),
    "mem_swappiness": (
        replaced("mem_swappiness", 10, 20, again="10"),
        replaced("mem_swappiness", -1, 20, again="-1", **SAYS_NOTHING),
    ),
    "shm_size": (
        replaced("shm_size", "32m", "128m", again=2**25),
        replaced("shm_size", 0, "128m", **SAYS_NOTHING),
    ),
    "oom_kill_disable": (replaced("oom_kill_disable", first=True, again="true"),),
    "oom_score_adj": (replaced("oom_score_adj", 100, -100, again="100"),),
    "storage_opt": (replaced("storage_opt", {"size": "1g"}, {"size": "2g"}, again=["size=1g"], refused=NO_QUOTA),),
    "ulimits": (
        replaced("ulimits", {"nofile": 1024}, {"nofile": {"soft": 10, "hard": 1024}, "nproc": 65},
                 again={"nofile": {"soft": "1024", "hard": 1024}}, keys=("nofile", "nofile nproc", "nofile nproc")),
    ),
    "blkio_config": (
        replaced("blkio_config", {"weight": 300}, {"weight": 400}, again={"weight": "300"}, dropped=NO_WEIGHT),
        replaced(
            "blkio_config",
            {"device_read_bps": [{"path": "/dev/null", "rate": "1m"}]},
            {"device_write_iops": [{"path": "/dev/null", "rate": 100}]},
            again={"device_read_bps": [{"path": "/dev/null", "rate": 2**20}]},
            alone="the same attribute as another sample",
        ),
        replaced("blkio_config", {"weight": 0}, {"device_read_bps": [{"path": "/dev/null", "rate": "1m"}]},
                 again={"weight": "0"}, **SAYS_NOTHING),
    ),
    # --- how it is reached ---
    "dns": (
        replaced("dns", "192.0.2.1", ["192.0.2.2", "192.0.2.1"], again=["192.0.2.1"]),
        replaced("dns", ["2001:0db8::1", "192.0.2.1"], ["192.0.2.1", "2001:db8::1"],
                 again=["2001:DB8:0::1", "192.0.2.1"], alone="the same attribute as another sample"),
    ),
    "dns_opt": (
        replaced("dns_opt", ["ndots:2"], ["ndots:3", "rotate"], again="ndots:2"),
        replaced("dns_opt", ["ndots:2", "rotate", "ndots:3"], ["ndots:3", "rotate", "ndots:2"],
                 again=["rotate", "ndots:2", "ndots:3"], alone="the same attribute as another sample"),
    ),
    "dns_search": (replaced("dns_search", "example.com", ["b.example", "a.example"], again=["example.com"]),),
    "extra_hosts": (
        replaced("extra_hosts", ["a=192.0.2.1", "b=::1"], {"a": ["192.0.2.2", "192.0.2.1"]},
                 again={"b": "0:0::1", "a": "192.0.2.1"}),
    ),
    "expose": (
        replaced("expose", [8000, "90-91/udp"], ["8001"], again=["90/udp", "91/udp", "8000/tcp"]),
        replaced("expose", ["80", "8000"], ["80"], removed=("", ()), alone="the same attribute as another sample"),
    ),
    "ports": (
        replaced("ports", ["18080:80", "127.0.0.1::53/udp"], ["18081-18082:81-82"],
                 again=[{"target": 53, "protocol": "udp", "host_ip": "127.0.0.1"}, "18080:80/tcp"]),
        replaced("ports", ["[::1]:18083:80", "18090-18099:81"], ["18083:80"],
                 again=["[0::0:1]:18083:80", {"target": 81, "published": "18090-18099"}],
                 alone="the same attribute as another sample"),
    ),
    "networks": (
        in_place("networks", {"default": {"aliases": ["b", "a"]}}, {"default": {"aliases": ["c"]}},
                 again={"default": {"aliases": ["a", "b", "a"]}}),
        in_place("networks", ["default", "back"], ["default", "front"], again={"back": {}, "default": None},
                 alone="the same attribute as another sample"),
        in_place("networks", {"default": {}, "static": {"ipv4_address": "10.77.0.10", "ipv6_address": "fd77::10"}},
                 {"default": {}, "static": {"ipv4_address": "10.77.0.11"}},
                 again={"static": {"ipv6_address": "fd77:0::10", "ipv4_address": "10.77.0.10"}, "default": {}},
                 alone="an address is one container's"),
        in_place("networks", {"default": {"driver_opts": {"a": "b"}}}, {"default": {"driver_opts": {"a": "c"}}},
                 again={"default": {"driver_opts": ["a=b"]}}, alone="the same attribute as another sample"),
        replaced("networks", {"front": {}}, {"back": {"priority": 1}, "front": {}}, again=["front"],
                 changed=(UPDATE, ("networks",)), alone="the same attribute as another sample"),
        in_place("networks", {"default": {"gw_priority": 2}}, {"default": {"interface_name": "eth7"}},
                 again={"default": {"gw_priority": "2"}}, alone="the same attribute as another sample"),
        Sample(first={"links": [f"{OWNER}:db", OWNER]}, again={"links": [f"{OWNER}:{OWNER}", f"{OWNER}:db"]},
               second={"external_links": ["old:db"]}, running=True, added=(UPDATE, ("networks",)),
               changed=(UPDATE, ("networks",)), removed=(UPDATE, ("networks",)), alone=OF_ANOTHER),
        Sample(first={"network_mode": f"service:{OWNER}"}, again=None, second={"network_mode": "none"}, running=True,
               added=(REPLACE, ("networks",)), changed=(REPLACE, ("networks",)), removed=(REPLACE, ("networks",)),
               alone="excludes networks and ports"),
        Sample(first={"network_mode": "bridge"}, again=None, second={"network_mode": "none"},
               added=(REPLACE, ("networks",)), changed=(REPLACE, ("networks",)), removed=(REPLACE, ("networks",)),
               alone="excludes networks and ports"),
        Sample(first={"network_mode": "none"}, again=None, second={"network_mode": "host"},
               added=(REPLACE, ("networks",)), changed=(REPLACE, ("networks",)), removed=(REPLACE, ("networks",)),
               alone="excludes networks and ports"),
    ),
    "mac_address": (
        replaced("mac_address", "02:42:ac:11:00:77", "02:42:ac:11:00:78", again="02-42-AC-11-00-77", running=True,
                 keys=("PROJECT_default", "PROJECT_default", "PROJECT_default")),
        Sample(first={"networks": {"default": {}, "back": {"mac_address": "02:42:ac:11:00:79"}}},
               again={"networks": {"default": {}, "back": {"mac_address": "02-42-ac-11-00-79"}}},
               second={"networks": {"default": {}, "back": {"mac_address": "02:42:ac:11:00:7a"}}},
               base={"networks": ["default", "back"]}, running=True, added=(REPLACE, ("mac_address.PROJECT_back",)),
               changed=(REPLACE, ("mac_address.PROJECT_back",)), removed=(REPLACE, ("mac_address.PROJECT_back",)),
               alone="the same attribute as another sample"),
    ),
    # --- what is mounted ---
    "volumes": (
        replaced(
            "volumes",
            ["pages:/a//b/", "/var/tmp:/host:ro", "/cache"],
            ["pages:/a/b:ro", "/cache"],
            again=[
                "/cache",
                {"type": "bind", "source": "/var/tmp", "target": "/host", "read_only": "true"},
                {"type": "volume", "source": "pages", "target": "/a/b"},
            ],
        ),
        replaced(
            "volumes",
            [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1m", "mode": "1777"}}],
            [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "2m"}}],
            again=[{"type": "tmpfs", "target": "/t/", "tmpfs": {"size": 2**20, "mode": "01777"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "volume", "source": "pages", "target": "/d", "volume": {"nocopy": True}}],
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "bind": {"propagation": "rslave"}}],
            again=[{"type": "volume", "source": "pages", "target": "/d", "volume": {"nocopy": "true"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "bind": {"create_host_path": False}}],
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "bind": {"selinux": "z"}}],
            again=[{"type": "bind", "source": "/var/./tmp", "target": "/d", "bind": {"create_host_path": "false"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            ["pages:/d:z"],
            ["pages:/d:ro,Z,nocopy"],
            again=[{"type": "volume", "source": "pages", "target": "/d", "bind": {"selinux": "z"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "volume", "target": "/d", "volume": {"labels": {"a": "b"}}}],
            [{"type": "volume", "target": "/d", "volume": {"labels": {"a": "c"}}}],
            again=[{"type": "volume", "target": "/d/", "volume": {"labels": ["a=b"]}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "bind": HERE | {"recursive": "disabled"}}],
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "bind": HERE | {"recursive": "enabled"}}],
            again=[{"type": "bind", "source": "/var/tmp/", "target": "/d", "bind": HERE | {"recursive": "disabled"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "read_only": True,
              "bind": HERE | {"recursive": "writable"}}],
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "read_only": True,
              "bind": HERE | {"recursive": "readonly", "propagation": "rprivate"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "bind", "source": "/var/tmp", "target": "/d", "bind": {"recursive": "disabled"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "volume", "source": "pages", "target": "/d", "volume": {"subpath": "a/b"}}],
            [{"type": "volume", "source": "pages", "target": "/d", "volume": {"subpath": "a"}}],
            alone="the same attribute as another sample",
        ),
        replaced(
            "volumes",
            [{"type": "image", "source": "test-idle:1", "target": "/d"}],
            [{"type": "image", "source": "test-idle:1", "target": "/d", "image": {"subpath": "bin"}}],
            again=[{"type": "image", "source": "test-idle:1", "target": "/d", "read_only": "true"}],
            alone="the same attribute as another sample",
        ),
    ),
    "volumes_from": (
        replaced("volumes_from", [OWNER], [f"{OWNER}:ro"], again=[f"{OWNER}:rw"], alone=OF_ANOTHER),
    ),
    "tmpfs": (
        replaced("tmpfs", ["/run:size=1m,mode=1777"], ["/run:size=2m", "/x"], again={"/run": "mode=1777,size=1m"}),
        replaced("tmpfs", ["/run/./x/:size=1m,mode=01777"], ["/run/x:size=2m"],
                 again={"/run/x": "mode=1777,size=1024K"}, alone="the same attribute as another sample"),
    ),
    "configs": (
        replaced(
            "configs", ["site"], [{"source": "site", "target": "/etc/site.conf", "mode": "0440"}, "extra"],
            again=[{"source": "site", "target": "/site", "uid": 0, "mode": "444"}],
            keys=("site", "extra site", "extra site"),
        ),
    ),
    "secrets": (
        replaced(
            "secrets", ["key"], [{"source": "key", "uid": "100", "gid": "0100"}, {"source": "extra", "target": "x/y"}],
            again=[{"source": "key", "target": "/run/secrets/key"}],
            keys=("key", "extra key", "extra key"),
        ),
    ),
}  # fmt: skip
"""By the path of the row."""

ONE_VALUE = {
    "uts": "host is its only word",
    "userns_mode": "host is its only word",
    "stdin_open": "a boolean whose other value is the default",
    "privileged": "a boolean whose other value is the default",
    "read_only": "a boolean whose other value is the default",
    "oom_kill_disable": "a boolean whose other value is the default",
}
"""Rows without a second sample value, and why."""

ONE_SPELLING = {
    "container_name": "text",
    "hostname": "text",
    "domainname": "text",
    "state": "a word",
    "runtime": "text",
    "cgroup": "a word",
    "cgroup_parent": "text",
    "ipc": "a word",
    "pid": "a word",
    "uts": "a word",
    "userns_mode": "a word",
    "device_cgroup_rules": "a list of texts",
}
"""Rows whose values have but one spelling, and why."""
