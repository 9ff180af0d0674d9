"""What `docker buildx` says when it fails, in the words of a spec."""

from __future__ import annotations

import re

from reconciler.engine.translation import explain, shorten
from reconciler.errors import EngineError

_WRAPPING = re.compile(r"^(?:(?:failed to \w+(?: [\w. -]+)?|rpc error: code = \w+ desc = .*?frontend [\w.]+): )+")
_NEEDED = re.compile(r"failed to resolve source metadata for (\S+): (.*)", re.DOTALL)
_SCANNER = "docker.io/docker/buildkit-syft-scanner:"
_HINT = "see its last lines, and mend the Dockerfile"
_STORE = "turn on the Engine's containerd image store"

# Each by what the text says, what is meant by it, and what to do. The texts are those of buildx 0.29 with Engine 28.5.
_RULES = (
    (
        r"unsupported frontend capability (?:moby\.buildkit\.frontend\.)?([\w.]+)",
        r"this Engine's BuildKit is too old for what the build asks for (\1)",
        "leave it out (`additional_contexts`, for one), or upgrade the Engine to 23.0 or newer",
    ),
    (
        r"Cache export is not supported for the docker driver",
        "this Engine's image store can't write a build's cache anywhere (`cache_to`)",
        f"leave `cache_to` out, write `type=inline`, or {_STORE}",
    ),
    (
        r"Multi-platform build is not supported for the docker driver",
        "this Engine's image store holds an image for one platform only, and `platforms` names several",
        f"name one, or {_STORE}",
    ),
    (
        r"Attestation is not supported for the docker driver",
        "this Engine's image store can't hold attestations (`provenance`, `sbom`)",
        f"leave them out, or {_STORE}",
    ),
    (
        r"invalid empty ssh agent socket",
        "its `ssh` asks for an SSH agent, and there is none: SSH_AUTH_SOCK is not set",
        "start one and add the key (`ssh-add`), or name the key in `ssh`: default=PATH",
    ),
    (
        r"agent config for ID: \"([^\"]*)\": (?:stat|lstat|open) (.*?): no such file or directory",
        r'its `ssh` names a key or socket for "\1" that is not there: \2',
        "correct the path; it is relative to the spec's folder",
    ),
    (
        r"failed to parse (\S+): .*(?:passphrase|no key found|unrecognized|asn1).*",
        r"its `ssh` names \1, which is no private key that can be read without a passphrase",
        "name another one, or add it to an SSH agent (`ssh-add`) and write `default`",
    ),
    (
        r"granting entitlement (\S+) is not allowed by build daemon configuration",
        r"the Engine does not let builds have the entitlement \1",
        "leave it out, or allow it under `builder.entitlements` of the Engine's daemon.json",
    ),
    (
        r"unknown entitlement (\S+)",
        r'there is no entitlement "\1"',
        "write network.host or security.insecure",
    ),
)


def failure(text: str) -> EngineError:
    """The error that a failed build is.

    Args:
        text: what was said last.
    """
    for pattern, message, hint in _RULES:
        if found := re.search(pattern, text):
            return EngineError(shorten(found.expand(message)), hint)
    needed = _NEEDED.search(text)
    what, explained = explain(needed[2] if needed else _WRAPPING.sub("", text))
    if needed and needed[1].startswith(_SCANNER):
        what = f"its `sbom` needs {needed[1]}: {what}"
        explained = "let the Engine reach it, name another (`sbom: generator=IMAGE`), or leave `sbom` out"
    elif needed:
        what = f"the build needs {needed[1]}: {what}"
    return EngineError(shorten(what), explained or _HINT)
