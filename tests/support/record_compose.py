"""Records what Docker Compose makes of the corpus: `python -m tests.support.record_compose DOCKER_COMPOSE [CASE …]`.

The corpus is compared with the real program's own words; these are recorded, so that the tests need none. It is the
docker-compose 2.40.3 of Debian's sid, unpacked as `scripts/lib/suite.sh` unpacks an Engine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).parents[1] / "unit" / "spec" / "compose" / "corpus"
ENVIRON = {"FROM_OUTSIDE": "outside", "EMPTY": "", "HOME": "/home/somebody", "COMPOSE_PROFILES": "debug"}
FOLDER = "${CORPUS}"
"""Stands for the folder of the corpus, wherever that is; FOLDER/.. for the one above it."""


def files(case: str) -> list[Path]:
    """The files of a case of the corpus: its own, and those that are merged over it where there are any."""
    over = [CORPUS / "over" / f"{case}{number}.yaml" for number in ("", ".2")]
    return [CORPUS / f"{case}.yaml", *filter(Path.exists, over)]


def cases() -> list[str]:
    """The names of all cases: those of our own by subject, and `wild/`, files as people have them."""
    return sorted(
        str(path.relative_to(CORPUS).with_suffix(""))
        for folder in ("", "wild")
        for path in (CORPUS / folder).glob("*.yaml")
    )


def record(program: str, case: str) -> dict[str, Any]:
    """What the program makes of a case."""
    named = [word for path in files(case) for word in ("-f", str(path))]
    command = [program, *named, "config", "--format"]
    done = subprocess.run([*command, "json"], env=ENVIRON, capture_output=True, check=False, cwd=CORPUS)
    if b"types.SSHKey" in done.stderr:
        # 2.40.3 can't write such a key as JSON.
        done = subprocess.run([*command, "yaml"], env=ENVIRON, capture_output=True, check=False, cwd=CORPUS)
    if done.returncode:
        sys.exit(f"{case}: {done.stderr.decode()}")
    text = done.stdout.decode().replace(str(CORPUS), FOLDER).replace(str(CORPUS.parent), f"{FOLDER}/..")
    found: dict[str, Any] = json.loads(text) if text.startswith("{") else yaml.safe_load(text)
    return found


def main() -> None:
    """Record the named cases, or all."""
    for case in sys.argv[2:] or cases():
        text = json.dumps(record(sys.argv[1], case), indent=2, sort_keys=True, ensure_ascii=False)
        (CORPUS / f"{case}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
