"""How far a pull and a build are, from the messages that Engines send."""

from __future__ import annotations

from typing import Any

from reconciler.engine.progress import told_build, told_pull


def layer(key: str, status: str, current: int = 0, total: int = 0, **more: Any) -> dict[str, Any]:
    detail = {"current": current, "total": total} if current or total else {}
    return {"id": key, "status": status, "progressDetail": detail | more}


def told(*messages: dict[str, Any]) -> list[tuple[Any, ...]]:
    said: list[tuple[Any, ...]] = []
    assert list(told_pull(messages, lambda *now: said.append(now))) == list(messages), "nothing is swallowed"
    return said


def test_a_pull_is_told_by_the_bytes_of_all_layers() -> None:
    assert told(
        {"status": "Pulling from library/nginx", "id": "1.27"},
        layer("a", "Already exists"),
        layer("b", "Pulling fs layer"),
        layer("c", "Pulling fs layer"),
        layer("c", "Waiting"),
        layer("b", "Downloading", 10, 100),
        layer("c", "Downloading", 5, 50),
        layer("b", "Downloading", 60, 100),
        layer("b", "Verifying Checksum"),
        layer("c", "Download complete"),
        layer("b", "Extracting", 30, 100),
        layer("b", "Pull complete"),
        layer("c", "Pull complete"),
        {"status": "Digest: sha256:ab"},
        {"status": "Status: Downloaded newer image for nginx:1.27"},
    ) == [
        ("0 of 1 layers", 0, 0, "bytes"),
        ("0 of 2 layers", 0, 0, "bytes"),
        ("0 of 2 layers", 10, 0, "bytes"),
        ("", 15, 150, "bytes"),
        ("", 65, 150, "bytes"),
        ("", 105, 150, "bytes"),
        ("unpacking", 0, 150, "bytes"),
        ("unpacking", 30, 150, "bytes"),
        ("unpacking", 100, 150, "bytes"),
        ("unpacking", 150, 150, "bytes"),
    ]


def test_what_an_engine_counts_otherwise_is_no_number_of_bytes() -> None:
    """The containerd image store counts the seconds of an extraction."""
    said = told(
        layer("b", "Downloading", 10, 100),
        layer("b", "Download complete"),
        layer("b", "Extracting", 3, units="s"),
        layer("b", "Extracting", "much", None),  # type: ignore[arg-type]
        {"id": 5, "status": None, "progressDetail": "?"},
    )
    assert said == [("", 10, 100, "bytes"), ("unpacking", 0, 100, "bytes")]


def test_a_build_is_told_by_its_steps() -> None:
    said: list[tuple[Any, ...]] = []
    messages: list[dict[str, Any]] = [
        {"stream": "Step 1/2 : FROM scratch"},
        {"stream": "\n"},
        {"stream": " ---> Using cache\nStep 2/2 : RUN make\n"},
        {"aux": {"ID": "sha256:ab"}},
        {"stream": "Successfully built ab\n"},
    ]
    assert list(told_build(messages, lambda *now: said.append(now))) == messages
    assert said == [("FROM scratch", 1, 2, "steps"), ("RUN make", 2, 2, "steps")]
    assert list(told_build(messages, None)) == messages
