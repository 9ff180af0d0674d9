"""What the Engine's texts mean: one row a failure, the first that fits counts.

The texts are those of real Engines, 20.10 to 28.5, with both image stores; tests/unit/engine/texts.json has
them.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class _Rule(NamedTuple):
    """What a text that matches `pattern` means. `{name}` is the pattern's group of that name."""

    pattern: re.Pattern[str]
    message: str
    hint: str = ""


def _rule(pattern: str, message: str, hint: str = "") -> _Rule:
    # (?i): Engines of different years write the same sentence with and without a capital.
    return _Rule(re.compile(pattern, re.IGNORECASE), message, hint)


# An address and the port behind it, up to what follows: 0.0.0.0:80, :::80, [::]:80.
_LISTEN = r"(?P<ip>\S*?):(?P<port>\d+)\b"
_BIND = r"(?:failed to bind host port(?: for)?|listen \w+|exposing port \w+)"
# What Go's HTTP client puts before the cause; the machine is named there and, in many causes, nowhere else.
_ASKED = r"(?:Get|Head|Post) \"https?://(?P<host>[^/\"]+)[^\"]*\": .*?"
_MOUNTING = r"error mounting \"(?P<source>[^\"]+)\" to rootfs at \"(?P<target>[^\"]+)\""
_COMMAND = r"exec: \"(?P<command>[^\"]*)\": "

_CHECK_COMMAND = 'check `command` and `entrypoint`; a line for a shell is ["sh", "-c", "…"]'
_CHECK_NAME = "check the name and the tag; where the registry is private, `docker login` there first"
_LOGIN = "`docker login` to that registry as the user who runs this; also check the image's name"
_SEE_PORTS = "`docker ps --filter publish={port}` names the container; stop that one or publish another port"
_SEE_PROCESS = "`ss -tulpn 'sport = :{port}'` names the process; stop that one or publish another port"
_CERTIFICATE = "put its CA into /etc/docker/certs.d/{host}/ca.crt on the Engine's machine"

_RULES: tuple[_Rule, ...] = (
    # Ports
    _rule(
        rf"Bind for {_LISTEN} failed: port is already allocated",
        "host port {port} is already in use by another container",
        _SEE_PORTS,
    ),
    _rule(
        rf"{_BIND} {_LISTEN}.*address already in use",
        "host port {port} is already in use",
        _SEE_PROCESS,
    ),
    _rule(
        rf"{_BIND} {_LISTEN}.*cannot assign requested address",
        "the Engine's machine has no address {ip} to publish port {port} on",
        "`ip address` lists the addresses it has; without an address a port is published on all",
    ),
    _rule(
        rf"{_BIND} {_LISTEN}.*permission denied",
        "the Engine may not open host port {port}",
        "a rootless Engine needs ports from 1024 up, or a lower net.ipv4.ip_unprivileged_port_start",
    ),
    # The command, and what a container starts with
    _rule(
        rf"{_COMMAND}(?:executable file not found|.*no such file or directory)",
        "command not found in the image: {command}",
        _CHECK_COMMAND,
    ),
    _rule(
        rf"{_COMMAND}(?:permission denied|is a directory)",
        "command can't be executed in the image: {command}",
        "it is a folder, or it lacks the permission to execute (chmod +x when the image is made)",
    ),
    _rule(
        r"exec format error",
        "the image's command is made for another kind of processor",
        "use an image for the Engine's own platform, or declare `platform`",
    ),
    _rule(
        r"unable to find (?P<kind>user|group) (?P<name>.+?): no matching entries",
        "the image has no {kind} {name}",
        "give a number, or a {kind} that the image has",
    ),
    _rule(
        r"no command specified",
        "the image has no command of its own, and none is declared",
        "declare `command`",
    ),
    _rule(
        r"Cannot mkdir: (?P<path>.+) is not a directory",
        "the working directory {path} is no folder in the image",
        "correct `working_dir`",
    ),
    _rule(
        r"container init was OOM-killed",
        "the memory limit is too low for the container to start",
        "raise the memory limit",
    ),
    _rule(
        r"sysctl \"(?P<name>[^\"]+)\" is not in a separate kernel namespace",
        "sysctl {name} can't be set for one container: it holds for the whole machine",
        "set it on the Engine's machine",
    ),
    # Mounts and devices
    _rule(
        r"bind source path does not exist: (?P<path>.+)",
        "the folder to mount does not exist on the Engine's machine: {path}",
        "create it there, or correct the path",
    ),
    _rule(
        rf"{_MOUNTING}.*not a directory",
        "{source} can't be mounted at {target}: one is a file, the other a folder",
        "mount a file onto a file and a folder onto a folder; check that the source is what it should be",
    ),
    _rule(
        rf"{_MOUNTING}:? .*?: (?P<cause>[^:]+)(?:: unknown)?$",
        "{source} can't be mounted at {target}: {cause}",
    ),
    _rule(
        r"Duplicate mount point: (?P<path>.+)",
        "two mounts have the same target: {path}",
        "give each its own",
    ),
    _rule(
        r"adding custom device \"(?P<path>[^\"]+)\": no such file",
        "the Engine's machine has no device {path}",
        "check `devices`",
    ),
    _rule(
        r"could not select device driver \"[^\"]*\" with capabilities: \[\[(?P<kind>[^\]]*)\]\]",
        "the Engine has no driver for devices of kind {kind}",
        "for NVIDIA: install nvidia-container-toolkit on its machine, then restart Docker",
    ),
    # What the Engine lacks
    _rule(
        r"(?:Unknown runtime specified|unknown or invalid runtime name:?) (?P<name>\S+)",
        "the Engine has no runtime {name}",
        "`docker info` lists its runtimes",
    ),
    _rule(
        r"looking up (?P<kind>logging|volume|network) plugin (?P<name>\S+): plugin \"[^\"]*\" not found",
        "the Engine has no {kind} driver {name}",
        "`docker info` lists its plugins",
    ),
    _rule(
        r"plugin \"(?P<name>[^\"]+)\" not found",
        "the Engine has no plugin or driver {name}",
        "`docker info` lists its plugins",
    ),
    _rule(
        r"This node is not a swarm manager",
        "this Engine is no Swarm manager",
        "`docker swarm init` makes it one",
    ),
    _rule(
        r"client version (?P<asked>\S+) is too (?:new|old)\. M\w+ supported API version is (?P<limit>[\d.]+)",
        "the Engine's API version {limit} does not fit {asked}, which it was asked for",
        "run this again: the Engine may have been replaced since the connection was made",
    ),
    _rule(
        r"Client sent an HTTP request to an HTTPS server",
        "the Engine wants TLS",
        "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a context that has the certificates",
    ),
    _rule(
        r"no space left on device",
        "the Engine's disk is full",
        "`docker system df` shows what takes the space",
    ),
    # Networks
    _rule(
        r"non-overlapping IPv4 address pool|address pools have been fully subnetted",
        "the Engine has no address range left for another network",
        "remove networks that nothing uses, declare a subnet, or widen its default-address-pools",
    ),
    _rule(
        r"Pool overlaps with other one",
        "the network's subnet overlaps that of another network",
        "choose another subnet; `docker network inspect` shows which are taken",
    ),
    _rule(
        r"(?:^|: )Address already in use$",
        "the static address is already in use on that network",
        "choose another one, or none; `docker network inspect` shows who has it",
    ),
    _rule(
        r"(?:Invalid address|contain the IP address) (?P<ip>[0-9a-f.:]*[0-9a-f])",
        "the static address {ip} is in none of the network's subnets",
        "choose one from the network's subnet",
    ),
    _rule(
        r"user specified IP address is supported (?:on user defined networks|only when)",
        "a static address needs a network with a declared subnet",
        "declare the network's subnet; Docker's own bridge can't have static addresses",
    ),
    _rule(
        r"network (?P<name>\S+) (?:id \S+ )?has active endpoints(?: \((?P<users>.*)\))?",
        "network {name} is still in use",
        "`docker network inspect {name}` lists the containers in it",
    ),
    # Names and what is in use
    _rule(
        r"The container name \"/?(?P<name>[^\"]+)\" is already in use by container \"?(?P<id>\w{12})\w*\"?",
        'the container name "{name}" is already taken, by container {id}',
        "`docker inspect {id}` shows it; rename or remove one of the two",
    ),
    _rule(
        r"remove (?P<name>\S+): volume is in use - \[(?P<id>\w{12})",
        "volume {name} is in use by container {id}",
        "`docker inspect {id}` shows it",
    ),
    _rule(r"^get (?P<name>\S+): no such volume", "no such volume: {name}"),
    _rule(
        r"unable to (?:remove repository reference|delete) \"?(?P<name>[^\" ]+).*container (?P<id>\w+) is using",
        "image {name} is in use by container {id}",
        "`docker inspect {id}` shows it",
    ),
    # Images on the Engine
    _rule(
        r"(?:image with reference )?(?P<name>\S+) was found but .*specified platform:? "
        r"(?:wanted |\()(?P<wanted>[\w/]+)",
        "image {name} is there, but not for the platform {wanted}",
        "pull it for that platform, or correct `platform`",
    ),
    _rule(
        r"no matching manifest for (?P<wanted>\S+)",
        "the registry has no such image for the platform {wanted}",
        "choose an image that is made for it, or declare `platform`",
    ),
    _rule(
        r"no match for platform in manifest",
        "the registry has no such image for the platform of the Engine, or for the declared one",
        "choose an image that is made for it, or declare `platform`",
    ),
    _rule(
        r"(?:^|: )No such image: (?P<name>\S+)$",
        "no such image on the Engine: {name}",
        "pull it, or check the name",
    ),
    _rule(
        r"(?:Error processing tar file.*: |unpack.*|^)(?:archive/tar: invalid tar header|unexpected EOF)$",
        "the archive is no tar file, or not a whole one",
        "make it again",
    ),
    _rule(
        r"invalid reference format",
        "that is no image name",
        "names are lower case: [HOST[:PORT]/]NAME[:TAG]",
    ),
    # Registries
    _rule(
        r"toomanyrequests|too many requests|: 429\b|pull rate limit",
        "the registry's limit of pulls is reached",
        "wait, or `docker login`: with an account the limit is higher; a mirror in daemon.json helps too",
    ),
    _rule(
        r"pull access denied for (?P<name>[^\s,]+)",
        "image {name} does not exist, or its registry wants a login",
        _LOGIN,
    ),
    _rule(
        r"failed to resolve reference \"(?P<name>[^\"]+)\": (?:pull access denied|.*authorization failed)",
        "image {name} does not exist, or its registry wants a login",
        _LOGIN,
    ),
    _rule(
        r"failed to resolve reference \"(?P<name>[^\"]+)\": unexpected status .*: (?:401|403)\b",
        "the registry refuses the image {name}: it wants a login, or this one may not have it",
        _LOGIN,
    ),
    _rule(
        r"no basic auth credentials|\bunauthorized\b|authentication required|access to the resource is denied"
        r"|^denied$",
        "the registry refuses the image: it wants a login, or this one may not have it",
        _LOGIN,
    ),
    _rule(r"manifest for (?P<name>\S+) not found", "the registry has no such image: {name}", _CHECK_NAME),
    _rule(
        r"failed to resolve reference \"(?P<name>[^\"]+)\": .*: not found$",
        "the registry has no such image: {name}",
        _CHECK_NAME,
    ),
    _rule(r"manifest unknown|name unknown", "the registry has no such image", _CHECK_NAME),
    _rule(
        r"dial tcp: lookup (?P<host>[^\s:]+)",
        "the registry's name can't be looked up: {host}",
        "check the name, and the DNS and the network of the Engine's machine",
    ),
    _rule(
        rf"{_ASKED}connection refused",
        "no registry answers at {host}: connection refused",
        "check the address, and that the registry runs",
    ),
    _rule(
        rf"{_ASKED}(?:first record does not look like a TLS|server gave HTTP response to HTTPS)",
        "the registry {host} speaks plain HTTP, the Engine wants TLS",
        "give the registry a certificate, or list it under insecure-registries in the Engine's daemon.json",
    ),
    _rule(
        rf"{_ASKED}x509: (?P<cause>.+)",
        "the certificate of the registry {host} is not trusted: {cause}",
        _CERTIFICATE,
    ),
    _rule(
        rf"{_ASKED}(?:i/o timeout|timeout|Client\.Timeout exceeded|context deadline exceeded|no route to host"
        r"|network is unreachable|request canceled while waiting)",
        "the registry {host} can't be reached",
        "check the network, the proxy and the firewall of the Engine's machine",
    ),
    _rule(
        r"(?:received unexpected HTTP status|unexpected status from .*?): (?P<status>5\d\d)",
        "the registry failed (status {status})",
        "try again later; the registry's own log says more",
    ),
)

# Wrappings that tell how the Engine is built, not what is wrong. Each may stand before any other.
_NOISE = re.compile(
    r"^(?:Error response from daemon: |unknown: |failed to set up container networking: "
    r"|driver failed programming external connectivity on endpoint \S+ \(\w+\): "
    r"|failed to create (?:task for container|shim task|shim): |(?:OCI runtime|runc|crun) create failed: "
    r"|unable to start container process: |error during container init: |Error starting userland proxy: "
    r"|conflict: |invalid endpoint settings: |Handler for \S+ \S+ returned error: )+",
    re.IGNORECASE,
)
_LONG_ID = re.compile(r"(?<![\w:])([0-9a-f]{12})[0-9a-f]{52}\b")
_USER_IN_URL = re.compile(r"(?<=://)[^/\s\"@]+@")


class _Groups(dict[str, str]):
    """A pattern's groups; one that had no part in the match is a question mark, not a crash."""

    def __missing__(self, name: str) -> str:
        return "?"


def explain(text: str) -> tuple[str, str]:
    """What a failure's text means.

    Args:
        text: as an Engine of any version wrote it.

    Returns:
        One line that says what is wrong, and one that says what to do. A text that is not known is only made clean,
        and the second line is empty.
    """
    line = _USER_IN_URL.sub("", " ".join(text.split()))
    for pattern, message, hint in _RULES:
        if found := pattern.search(line):
            groups = _Groups({name: value for name, value in found.groupdict().items() if value})
            return message.format_map(groups), hint.format_map(groups)
    return _clean(line), ""


def _clean(line: str) -> str:
    line = _NOISE.sub("", line)
    line = line.removesuffix(": unknown")
    line = _LONG_ID.sub(r"\1", line)
    # "no such image: x: No such image: x" and the like: each layer said it once more.
    parts = line.split(": ")
    half = len(parts) // 2
    if half and len(parts) % 2 == 0 and [p.lower() for p in parts[:half]] == [p.lower() for p in parts[half:]]:
        line = ": ".join(parts[half:])
    return line or "the Engine gave no reason"
