from __future__ import annotations

import json

import pytest

from reconciler.cli import main
from tests.unit.engine.fake import FakeEngine, reply
from tests.unit.registry.fake import FakeRegistry

ROWS = [
    {"name": "nginx", "description": "Official build of Nginx.", "star_count": 20123, "is_official": True},
    {"name": "somebody/nginx", "description": None, "star_count": 1, "is_official": False, "is_automated": False},
]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main.run(list(words))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_docker_hub_is_searched_by_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeEngine({"GET /images/search": reply(ROWS)}) as fake:
        code, out, _ = run(capsys, "search", "nginx", "--limit", "5", "--host", fake.host)
        words = out.splitlines()[1].split()
        assert (code, words) == (0, ["✓", "20123", "nginx", "official", "Official", "build", "of", "Nginx."])
        assert fake.requests[-1].query == {"term": ["nginx"], "limit": ["5"]}
        code, out, _ = run(capsys, "search", "team/nginx", "-o", "json", "--host", fake.host)
    assert json.loads(out) == {
        "term": "team/nginx",
        "images": [
            {"name": "nginx", "description": "Official build of Nginx.", "stars": 20123, "official": True},
            {"name": "somebody/nginx", "description": "", "stars": 1, "official": False},
        ],
    }


def test_what_keeps_the_engine_from_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    said = 'Get "https://index.docker.io/v1/search?q=x": dial tcp: lookup index.docker.io: no such host'
    with FakeEngine({"GET /images/search": reply({"message": said}, "500 X")}) as fake:
        code, _, err = run(capsys, "search", "x", "--host", fake.host)
        assert code == 1
        assert err.startswith("error: the Engine can't search Docker Hub: the registry's name can't be looked up")
        code, out, _ = run(capsys, "search", "x", "-o", "json", "--host", fake.host)
        assert (code, json.loads(out)["error"]["exit_code"]) == (1, 1)
    assert run(capsys, "search", "x", "--limit", "101")[0] == 64


def test_a_repository_is_asked_for_without_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeRegistry(lambda *_: (200, {}, {"tags": ["1.9", "1.10", "latest"]})) as registry:
        name = f"{registry.domain}/team/app"
        assert run(capsys, "search", name) == (0, f"{name}:1.10\n{name}:1.9\n{name}:latest\n", "")
        code, out, _ = run(capsys, "search", name, "-o", "json", "--limit", "1")
    assert json.loads(out) == {"repository": name, "tags": ["1.10"], "total": 3}
    code, _, err = run(capsys, "search", f"{name}:1")
    assert (code, "names one image" in err) == (64, True)
    code, _, err = run(capsys, "search", "registry.example/UPPER")
    assert (code, "lowercase" in err) == (64, True)
