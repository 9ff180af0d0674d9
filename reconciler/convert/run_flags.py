"""The flags of `docker run` and `docker create`, of Docker 28 and before: what each becomes.

Source: https://github.com/docker/cli/blob/master/cli/command/container/opts.go
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.convert import run_mounts, run_networks
from reconciler.convert.shell import split
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.convert.draft import Draft

Take = Callable[["Draft", str], None]
"""Takes the flag's value into the draft."""

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _number(text: str) -> Any:
    """A number as one, so that it stands in YAML without quotes."""
    return int(text) if re.fullmatch(r"-?(?:0|[1-9][0-9]*)", text) else text


# --- how a value becomes an attribute ---------------------------------------------------------------------------


def _text(attribute: str) -> Take:
    return lambda draft, value: draft.set(attribute, value)


def _filled(attribute: str) -> Take:
    """Empty is the same as not given."""
    return lambda draft, value: draft.set(attribute, value) if value else None


def _switch(attribute: str, default: bool | None = False) -> Take:
    return lambda draft, value: draft.set(attribute, value == "true") if (value == "true") is not default else None


def _limit(attribute: str, *defaults: str) -> Take:
    """A number of which zero, and these, are the same as not given."""
    return lambda draft, value: draft.set(attribute, _number(value)) if value not in {"0", "", *defaults} else None


def _each(attribute: str) -> Take:
    return lambda draft, value: draft.add(attribute, value)


def _pair(attribute: str, what: str) -> Take:
    def take(draft: Draft, value: str) -> None:
        key, equals, text = value.partition("=")
        if not key or not equals:
            raise UsageError(f"{draft.flag}: each {what} is KEY=VALUE", f"write {draft.flag} KEY=VALUE")
        draft.put(attribute, key, text)

    return take


def _file(attribute: str) -> Take:
    # Docker takes each line as it is, as the format "raw" does.
    return lambda draft, value: draft.add(attribute, {"path": value, "format": "raw"})


def _health(attribute: str) -> Take:
    def take(draft: Draft, value: str) -> None:
        if value not in {"", "0"}:
            draft.health[attribute] = _number(value)

    return take


def _rate(attribute: str, what: str = "rate") -> Take:
    def take(draft: Draft, value: str) -> None:
        path, _, number = value.rpartition(":")
        if not path.startswith("/"):
            raise UsageError(f'{draft.flag}: "{value}" is not a device with a {what}', "write /dev/sda:NUMBER")
        before = draft.container.get("blkio_config", {}).get(attribute, [])
        draft.put("blkio_config", attribute, [*before, {"path": path, what: _number(number)}])

    return take


def _dropped(why: str) -> Take:
    return lambda draft, _value: draft.drop(why)


def _later(draft: Draft, value: str) -> None:
    draft.more[draft.flag.lstrip("-")] = value


def _nothing(_draft: Draft, _value: str) -> None:
    """Is so in any case."""


# --- flags with a grammar of their own --------------------------------------------------------------------------


def _environment(draft: Draft, value: str) -> None:
    key, equals, text = value.partition("=")
    if not key:
        raise UsageError(f"{draft.flag}: a variable has no name", f"write {draft.flag} NAME=VALUE")
    if not equals:
        if not _VARIABLE_NAME.fullmatch(key):
            # What is no name may be anything, a password too: it is not shown.
            raise UsageError(
                f"{draft.flag}: what has no '=' must be a variable's name", f"write {draft.flag} NAME=VALUE"
            )
        text = f"${{{key}}}"
        draft.note(f"{key} is taken from the environment in which the spec is loaded")
    draft.put("environment", key, text)


def _label(draft: Draft, value: str) -> None:
    key, _, text = value.partition("=")
    if not key:
        raise UsageError(f"{draft.flag}: a label has no name", f"write {draft.flag} NAME=VALUE")
    draft.put("labels", key, text)


def _add_host(draft: Draft, value: str) -> None:
    host, separator, address = value.partition("=" if "=" in value else ":")
    if not (host and separator and address):
        raise UsageError(f'{draft.flag}: "{value}" is not HOST:ADDRESS', "write db:192.0.2.10, or db:host-gateway")
    draft.add("extra_hosts", f"{host}={address.strip('[]')}")


def _ulimit(draft: Draft, value: str) -> None:
    name, equals, limits = value.partition("=")
    soft, colon, hard = limits.partition(":")
    if not (name and equals and soft):
        raise UsageError(f'{draft.flag}: "{value}" is not a limit', "write nofile=1024, or nofile=1024:2048")
    both = {"soft": _number(soft), "hard": _number(hard)}
    draft.put("ulimits", name, both if colon else _number(soft))


def _gpus(draft: Draft, value: str) -> None:
    if value == "all":
        draft.set("gpus", "all")
        return
    request: dict[str, Any] = {}
    for item in next(csv.reader([value]), []):
        key, equals, text = item.partition("=")
        if not equals or key == "count":
            count = text if equals else key
            if count != "all" and not count.lstrip("-").isdecimal():
                raise UsageError(f'{draft.flag}: "{count}" is not a number of GPUs', "write all, 2, or device=0")
            request["count"] = _number(count)
        elif key == "driver":
            request["driver"] = text
        elif key == "device":
            request["device_ids"] = text.split(",")
        elif key == "capabilities":
            request["capabilities"] = [*text.split(","), "gpu"]
        elif key == "options":
            request["options"] = dict(one.partition("=")[::2] for one in next(csv.reader([text]), []))
        else:
            known = "count, driver, device, capabilities, options"
            raise UsageError(f'{draft.flag}: there is no key "{key}"', f"there are {known}")
    if not request.keys() & {"count", "device_ids"}:
        request["count"] = 1
    draft.set("gpus", [request])


def _security_option(draft: Draft, value: str) -> None:
    name, _, text = value.partition("=" if "=" in value else ":")
    if name == "seccomp" and text not in {"unconfined", "builtin"} and not text.startswith("{"):
        draft.drop("the docker command reads that file; write its JSON behind seccomp=", value)
    elif name == "systempaths":
        draft.drop("a spec has no word for it", value)
    else:
        draft.add("security_opt", value)


def _entrypoint(draft: Draft, value: str) -> None:
    draft.set("entrypoint", [value] if value else [])


def _stop_timeout(draft: Draft, value: str) -> None:
    if value.startswith("-"):
        draft.drop("a spec has a time here, such as stop_grace_period: 1h", value)
    else:
        draft.set("stop_grace_period", f"{value}s")


def _pull(draft: Draft, value: str) -> None:
    if value != "missing":  # which is the default
        draft.set("pull_policy", value)


def _link(draft: Draft, value: str) -> None:
    name, _, alias = value.partition(":")
    draft.add("external_links", f"{name}:{alias}" if alias and alias != name else name)


def _isolation(draft: Draft, value: str) -> None:
    if value != "default":
        draft.drop("it is for Windows", value)


_OF_THE_COMMAND = _dropped("it is about the docker command, not about the container")
_WINDOWS = _dropped("it is for Windows")

TAKE: dict[str, Take] = {
    # --- what runs ---
    "name": _later,
    "platform": _filled("platform"),
    "pull": _pull,
    "entrypoint": _entrypoint,
    "env": _environment,
    "env-file": _file("env_file"),
    "label": _label,
    "label-file": _file("label_file"),
    "annotation": _pair("annotations", "annotation"),
    "user": _filled("user"),
    "group-add": _each("group_add"),
    "workdir": _filled("working_dir"),
    "interactive": _switch("stdin_open"),
    "tty": _switch("tty"),
    "init": _switch("init", default=None),
    "restart": _filled("restart"),
    "runtime": _filled("runtime"),
    "stop-signal": _filled("stop_signal"),
    "stop-timeout": _stop_timeout,
    "health-cmd": _health("test"),
    "health-interval": _health("interval"),
    "health-timeout": _health("timeout"),
    "health-retries": _health("retries"),
    "health-start-period": _health("start_period"),
    "health-start-interval": _health("start_interval"),
    "no-healthcheck": _later,
    "log-driver": _later,
    "log-opt": _pair("log-opt", "option"),
    "rm": _later,
    # --- what it may do ---
    "privileged": _switch("privileged"),
    "cap-add": _each("cap_add"),
    "cap-drop": _each("cap_drop"),
    "security-opt": _security_option,
    "read-only": _switch("read_only"),
    "device": _each("devices"),
    "device-cgroup-rule": _each("device_cgroup_rules"),
    "gpus": _gpus,
    "sysctl": _pair("sysctls", "sysctl"),
    "cgroupns": _filled("cgroup"),
    "cgroup-parent": _filled("cgroup_parent"),
    "ipc": _filled("ipc"),
    "pid": _filled("pid"),
    "userns": _filled("userns_mode"),
    "uts": _filled("uts"),
    "use-api-socket": _switch("use_api_socket"),
    # --- how much of the machine it gets ---
    "memory": _limit("mem_limit"),
    "memory-reservation": _limit("mem_reservation"),
    "memory-swap": _limit("memswap_limit"),
    "memory-swappiness": lambda draft, value: draft.set("mem_swappiness", _number(value)) if value != "-1" else None,
    "oom-kill-disable": _switch("oom_kill_disable"),
    "oom-score-adj": _limit("oom_score_adj"),
    "cpus": _limit("cpus"),
    "cpu-shares": _limit("cpu_shares"),
    "cpu-period": _limit("cpu_period"),
    "cpu-quota": _limit("cpu_quota", "-1"),
    "cpu-rt-period": _limit("cpu_rt_period"),
    "cpu-rt-runtime": _limit("cpu_rt_runtime"),
    "cpuset-cpus": _filled("cpuset"),
    "cpuset-mems": _dropped("a spec has no word for memory nodes"),
    "pids-limit": _limit("pids_limit"),
    "shm-size": _limit("shm_size"),
    "storage-opt": _pair("storage_opt", "option"),
    "ulimit": _ulimit,
    "blkio-weight": lambda draft, value: draft.put("blkio_config", "weight", _number(value)) if value != "0" else None,
    "blkio-weight-device": _rate("weight_device", "weight"),
    "device-read-bps": _rate("device_read_bps"),
    "device-read-iops": _rate("device_read_iops"),
    "device-write-bps": _rate("device_write_bps"),
    "device-write-iops": _rate("device_write_iops"),
    "kernel-memory": _dropped("Engines ignore it since 23.0"),
    # --- how it is reached ---
    "hostname": _filled("hostname"),
    "domainname": _filled("domainname"),
    "add-host": _add_host,
    "dns": _each("dns"),
    "dns-option": _each("dns_opt"),
    "dns-opt": _each("dns_opt"),
    "dns-search": _each("dns_search"),
    "expose": _each("expose"),
    "publish": _each("ports"),
    "publish-all": _later,
    "network": run_networks.network,
    "net": run_networks.network,
    "network-alias": run_networks.of_the_first("aliases", several=True),
    "net-alias": run_networks.of_the_first("aliases", several=True),
    "ip": run_networks.of_the_first("ipv4_address"),
    "ip6": run_networks.of_the_first("ipv6_address"),
    "link-local-ip": run_networks.of_the_first("link_local_ips", several=True),
    "mac-address": _filled("mac_address"),
    "link": _link,
    # --- what is mounted ---
    "volume": run_mounts.volume,
    "volume-driver": _later,
    "volumes-from": run_mounts.volumes_from,
    "mount": run_mounts.mount,
    "tmpfs": run_mounts.tmpfs,
    # --- what is not about the container ---
    "attach": _OF_THE_COMMAND,
    "cidfile": _OF_THE_COMMAND,
    "detach": _nothing,
    "detach-keys": _OF_THE_COMMAND,
    "disable-content-trust": _nothing,
    "quiet": _OF_THE_COMMAND,
    "sig-proxy": _OF_THE_COMMAND,
    "help": _OF_THE_COMMAND,
    # --- for Windows ---
    "cpu-count": _WINDOWS,
    "cpu-percent": _WINDOWS,
    "io-maxbandwidth": _WINDOWS,
    "io-maxiops": _WINDOWS,
    "isolation": _isolation,
}
"""By the flag's long name."""

SWITCHES = frozenset(
    [
        *("detach", "disable-content-trust", "help", "init", "interactive", "no-healthcheck", "oom-kill-disable"),
        *("privileged", "publish-all", "quiet", "read-only", "rm", "sig-proxy", "tty", "use-api-socket"),
    ]
)
"""Flags that need no value."""

LETTERS = {
    "a": "attach",
    "c": "cpu-shares",
    "d": "detach",
    "e": "env",
    "h": "hostname",
    "i": "interactive",
    "l": "label",
    "m": "memory",
    "P": "publish-all",
    "p": "publish",
    "q": "quiet",
    "t": "tty",
    "u": "user",
    "v": "volume",
    "w": "workdir",
}


def settle(draft: Draft) -> None:
    """What only all flags together say."""
    run_networks.settle(draft)
    if driver := draft.more.get("volume-driver"):
        run_mounts.volume_driver(draft, driver)
    _settle_health(draft)
    options = draft.container.pop("log-opt", {})
    driver = draft.more.get("log-driver", "")
    if driver or options:
        draft.flag = "--log-driver" if driver else "--log-opt"
        draft.set("logging", ({"driver": driver} if driver else {}) | ({"options": options} if options else {}))
    if draft.more.get("rm") == "true":
        _settle_rm(draft)
    if draft.more.get("publish-all") == "true":
        draft.flag = "--publish-all"
        published = {split(port, "/")[0].rpartition(":")[2] for port in draft.container.get("ports", [])}
        for port in draft.container.get("expose", []):
            if port not in published:
                draft.add("ports", port)
        draft.note("add each further port that the image exposes to `ports`: only the image says which")


def _settle_health(draft: Draft) -> None:
    draft.flag = "--health-*"
    if draft.more.get("no-healthcheck") == "true":
        if draft.health:
            raise UsageError("--no-healthcheck and --health-* exclude each other", "drop one of them")
        draft.flag = "--no-healthcheck"
        draft.set("healthcheck", {"disable": True})
    elif draft.health:
        draft.set("healthcheck", draft.health)


def _settle_rm(draft: Draft) -> None:
    draft.flag = "--rm"
    if draft.container.get("restart", "no") != "no":
        raise UsageError("--rm and --restart exclude each other", "drop one of them")
    draft.drop("a container that a spec declares stays until it is taken out of it")
