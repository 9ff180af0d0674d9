from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.engine.translation import LONGEST, explain

_TEXTS = json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))
SEEN = [(one["engine"], one["text"], one["message"]) for one in _TEXTS["seen"]]
KNOWN = [(one["text"], one["message"]) for one in _TEXTS["known"]]


@pytest.mark.parametrize(("engine", "text", "message"), SEEN, ids=[f"{e}-{m[:40]}" for e, _, m in SEEN])
def test_what_engines_say(engine: str, text: str, message: str) -> None:
    assert explain(text)[0] == message


@pytest.mark.parametrize(("text", "message"), KNOWN)
def test_what_engines_are_known_to_say(text: str, message: str) -> None:
    what, hint = explain(text)
    assert what == message
    assert hint or "removal" in what or "proc" in what


@pytest.mark.parametrize("text", [*(text for _, text, _ in SEEN), *(text for text, _ in KNOWN)])
def test_always_one_line_without_gaps(text: str) -> None:
    for line in explain(text):
        assert "\n" not in line
        assert "{" not in line
        assert "?" not in line
        assert len(line) <= LONGEST


def test_hints_name_what_was_found() -> None:
    _, hint = explain("Bind for 127.0.0.1:8080 failed: port is already allocated")
    assert "publish=8080" in hint
    _, hint = explain('Get "https://r.example/v2/": x509: certificate signed by unknown authority')
    assert "/etc/docker/certs.d/r.example/ca.crt" in hint


def test_what_is_not_known_is_made_clean() -> None:
    unknown = (
        "Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime "
        f"create failed: runc create failed:\n something new about {'0123456789abcdef' * 4}: unknown"
    )
    assert explain(unknown) == ("something new about 0123456789ab", "")
    assert explain("no such thing: x: No such thing: x") == ("No such thing: x", "")
    assert explain(" \n") == ("the Engine gave no reason", "")
    # A digest is what people search for: it stays whole.
    assert "0123456789abcdef" * 4 in explain(f"weird sha256:{'0123456789abcdef' * 4}")[0]


def test_no_password_of_a_url_is_shown() -> None:
    assert explain('Get "https://me:hunter2@r.example/v2/": EOF')[0] == 'Get "https://r.example/v2/": EOF'


def test_a_whole_page_is_cut() -> None:
    what, _ = explain("x " * 10_000)
    assert len(what) == LONGEST
    assert what.endswith("…")
