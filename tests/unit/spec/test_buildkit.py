from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.spec.buildkit import is_for_buildkit
from reconciler.spec.model.build import Build


@pytest.mark.parametrize(
    ("dockerfile", "wanted"),
    [
        ("FROM x\nRUN make\nCOPY --from=one --chown=1:1 a b\n", False),
        ("# syntax=docker/dockerfile:1\nFROM x\n", True),
        ("# a comment\n#  Syntax = docker/dockerfile:1\nFROM x\n", True),
        ("FROM x\n# syntax=docker/dockerfile:1\n", False),
        ("FROM x\nRUN --mount=type=cache,target=/c make\n", True),
        ("FROM x\nRUN --network=none make\n", True),
        ("FROM x\nRUN echo --mounted\n", False),
        ("FROM x\nCOPY --link a b\n", True),
        ("FROM x\nCOPY --chmod=644 a b\n", True),
        ("FROM x\nRUN <<EOF\necho\nEOF\n", True),
        ('FROM x\nCOPY <<-"EOF" /a\nEOF\n', True),
        ("FROM x\nRUN make <input\n", False),
        ("", False),
    ],
)
def test_what_only_buildkit_understands(dockerfile: str, wanted: bool) -> None:
    assert is_for_buildkit(dockerfile) is wanted


def test_the_path_of_a_cache_is_relative_to_the_specs_folder() -> None:
    given = ["type=local,dest=../cache,mode=max", "type=local,src=/cache", "type=gha,url=./x", "shop/web:cache"]
    build = Build.model_validate({"context": ".", "cache_to": given}, context={"folder": Path("/srv/shop")})
    assert build.cache_to == ("type=local,dest=/srv/cache,mode=max", *given[1:])
