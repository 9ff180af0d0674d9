"""Records what Docker Compose makes of the corpus: `python -m tests.support.record_compose DOCKER_COMPOSE`.

The corpus is compared with the real program's own words; these are recorded, so that the tests need none. It is the
docker-compose 2.40.3 of Debian's sid, unpacked as `scripts/lib/suite.sh` unpacks an Engine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[1] / "unit" / "spec" / "compose" / "corpus"
ENVIRON = {"FROM_OUTSIDE": "outside", "HOME": "/home/somebody", "COMPOSE_PROFILES": "debug"}
FOLDER = "${CORPUS}"
"""Stands for the folder of the corpus, wherever that is."""


def files(case: str) -> list[Path]:
    """The files of a case of the corpus: its own, and one that is merged over it where there is one."""
    over = CORPUS / "over" / f"{case}.yaml"
    return [CORPUS / f"{case}.yaml", *([over] if over.exists() else [])]


def cases() -> list[str]:
    """The names of all cases."""
    return sorted(path.stem for path in CORPUS.glob("*.yaml"))


def record(program: str, case: str) -> dict[str, Any]:
    """What the program makes of a case."""
    named = [word for path in files(case) for word in ("-f", str(path))]
    command = [program, *named, "config", "--format", "json"]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, check=False, cwd=CORPUS)
    if done.returncode:
        sys.exit(f"{case}: {done.stderr.decode()}")
    found: dict[str, Any] = json.loads(done.stdout.decode().replace(str(CORPUS), FOLDER))
    return found


def main() -> None:
    """Record all cases."""
    for case in cases():
        text = json.dumps(record(sys.argv[1], case), indent=2, sort_keys=True, ensure_ascii=False)
        (CORPUS / f"{case}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
