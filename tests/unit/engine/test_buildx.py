from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine import buildx
from reconciler.engine.endpoint import Endpoint, TlsMaterial
from reconciler.errors import EngineError, EngineTimeout
from reconciler.planning.actions import BuildImage, BuildSecret
from reconciler.state.resource import Kind, ResourceKey

HERE = Endpoint("unix:///d.sock", None, "test")


def action(**more: Any) -> BuildImage:
    return BuildImage(
        id="a",
        resource=ResourceKey(Kind.IMAGE, "web:1"),
        reason="",
        reference="web:1",
        context="/app",
        dockerfile="Dockerfile",
        inline=None,
        content="c",
        digest="d",
        **{"options": ("--tag=web:1",), **more},
    )


def docker(folder: Path, script: str) -> dict[str, str]:
    """The environment in which `docker` is a script."""
    command = folder / "docker"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def run(
    environ: dict[str, str],
    *,
    seconds: float = 60,
    endpoint: Endpoint = HERE,
    told: list[Any] | None = None,
    **more: Any,
) -> None:
    def tell(text: str, done: int = 0, total: int = 0, unit: str = "") -> None:
        if told is not None:
            told.append((text, done, total, unit))

    buildx.build(endpoint, action(**more), None, "Dockerfile", environ, tell, seconds=seconds)


def test_which_version(tmp_path: Path) -> None:
    said = "echo github.com/docker/buildx v0.29.1 abc"
    assert buildx.version(docker(tmp_path, said)) == "0.29.1"
    assert buildx.version(docker(tmp_path, "echo unknown command: docker buildx >&2; exit 1")) == ""
    assert buildx.version({"PATH": "/nowhere"}) == ""


def test_what_it_is_called_with(tmp_path: Path) -> None:
    tls = TlsMaterial(Path("/tls/ca.pem"), None, None)
    environ = docker(tmp_path, f'echo "$@" >{tmp_path}/args; env >{tmp_path}/env; cat >{tmp_path}/in')
    run(environ, secrets=(BuildSecret(id="token", value="hunter2"),), endpoint=Endpoint("tcp://x:2376", tls, "test"))
    words = (tmp_path / "args").read_text().split()
    assert words[:5] == ["buildx", "build", "--builder", "default", "--progress"]
    assert words[-3:] == ["--secret=id=token,env=RECONCILER_SECRET_0", "--tag=web:1", "/app"]
    lines = (tmp_path / "env").read_text().splitlines()
    assert {"DOCKER_HOST=tcp://x:2376", "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH=/tls", "DOCKER_CONTEXT="} <= {*lines}
    assert "RECONCILER_SECRET_0=hunter2" in lines
    assert "hunter2" not in " ".join(words)


def test_the_context_goes_in_as_a_tar(tmp_path: Path) -> None:
    environ = docker(tmp_path, f"cat >{tmp_path}/in")
    with (tmp_path / "tar").open("w+b") as sent:
        sent.write(b"tar")
        sent.seek(0)
        buildx.build(HERE, action(), sent, "Dockerfile", environ, None, seconds=60)
    assert (tmp_path / "in").read_bytes() == b"tar"


OUTPUT = """#1 [internal] load remote build context
#5 [stage-0 2/3] RUN make
#5 0.113 compiling
#5 0.2 with hunter2
#5 ERROR: process did not complete
ERROR: failed to build: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 3"""


def test_steps_are_told_and_a_failure_has_its_last_lines_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "said").write_text(OUTPUT)
    told: list[Any] = []
    environ = docker(tmp_path, f"cat {tmp_path}/said >&2; exit 1")
    with pytest.raises(EngineError) as caught:
        run(environ, secrets=(BuildSecret(id="token", value="hunter2"),), told=told)
    assert told == [("RUN make", 2, 3, "steps")]
    assert caught.value.message.startswith("process ")
    assert caught.value.message.endswith("exit code: 3")
    assert tuple(caught.value.log) == ("compiling", "with …")


def test_an_old_buildkit_is_said_to_be_old(tmp_path: Path) -> None:
    text = "rpc error: code = Unknown desc = unsupported frontend capability moby.buildkit.frontend.contexts"
    with pytest.raises(EngineError, match="too old") as caught:
        run(docker(tmp_path, f"echo 'ERROR: failed to solve: {text}' >&2; exit 1"))
    assert "additional_contexts" in caught.value.hint


SSH = (
    "failed to convert agent config {default [] false}: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set"
)
KEY = (
    "failed to convert agent config {deploy [/app/key] false}: "
    'failed to convert agent config for ID: "deploy": stat /app/key: no such file or directory'
)


LOST = (
    'failed to do request: Head "https://registry-1.docker.io/v2/manifests/1": dial tcp: '
    "lookup registry-1.docker.io on 192.0.2.53:53: no such host"
)
NO_BASE = f"failed to solve: base:1: failed to resolve source metadata for docker.io/library/base:1: {LOST}"
NO_SCANNER = (
    f"failed to solve: failed to resolve source metadata for docker.io/docker/buildkit-syft-scanner:stable-1: {LOST}"
)


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (NO_BASE, "the build needs docker.io/library/base:1: the registry's name can't be looked up", "DNS"),
        (NO_SCANNER, "its `sbom` needs docker.io/docker/buildkit-syft-scanner:stable-1: the registry", "generator="),
        ("Cache export is not supported for the docker driver.", "`cache_to`", "type=inline"),
        ("Multi-platform build is not supported for the docker driver.", "`platforms` names several", "containerd"),
        ("Attestation is not supported for the docker driver.", "`provenance`, `sbom`", "containerd"),
        (SSH, "SSH_AUTH_SOCK is not set", "ssh-add"),
        (KEY, 'for "deploy" that is not there: /app/key', "relative"),
        ("failed to parse /app/key: ssh: no key found", "/app/key, which is no private key", "ssh-add"),
        (
            "granting entitlement security.insecure is not allowed by build daemon configuration",
            "the entitlement security.insecure",
            "builder.entitlements",
        ),
        ("unknown entitlement nonsense", '"nonsense"', "network.host"),
    ],
)
def test_what_the_builder_can_not_do_is_said_in_words_of_the_spec(
    tmp_path: Path, said: str, message: str, hint: str
) -> None:
    (tmp_path / "said").write_text(f"ERROR: failed to build: {said}\n")
    with pytest.raises(EngineError) as caught:
        run(docker(tmp_path, f"cat {tmp_path}/said >&2; exit 1"))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineTimeout):
        run(docker(tmp_path, "sleep 300"), seconds=0.3)
    assert time.monotonic() - began < 200


def test_no_docker_is_said() -> None:
    with pytest.raises(EngineError, match="not installed"):
        run({"PATH": "/nowhere"})


def test_nothing_of_a_secret_is_in_what_an_action_looks_like() -> None:
    assert "hunter2" not in repr(action(secrets=(BuildSecret(id="token", value="hunter2"),)))
