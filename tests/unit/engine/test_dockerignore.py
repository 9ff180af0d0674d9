"""`.dockerignore`, by Docker's rules: cases of moby/patternmatcher's and BuildKit's own tests among them."""

from __future__ import annotations

import pytest

from reconciler.engine.dockerignore import Ignored
from reconciler.errors import EngineError

CASES = [
    ("**", "file", True),
    ("**", "dir/file", True),
    ("**/", "file", True),
    ("**/**", "dir/file", True),
    ("dir/**", "dir/file", True),
    ("dir/**", "dir/dir2/file", True),
    ("dir/**", "other", False),
    ("**/dir2/*", "dir/dir2/file", True),
    ("**/dir2/**", "dir/dir2/dir2/file", True),
    ("**file", "dir/file", True),
    ("**/file", "file", True),
    ("**/file", "dir/dir/file", True),
    ("**/file*txt", "dir/dir/file.txt", True),
    ("**/**/*.txt", "dir/dir/file.txt", True),
    ("a**/*.txt", "a/dir/file.txt", True),
    ("a/*.txt", "a/dir/file.txt", False),
    ("a/**/*.txt", "a/dir/dir/file.txt", True),
    (".d", "xd", False),
    (".*", ".foo", True),
    (".*", "foo", False),
    ("abc.def", "abcZdef", False),
    ("abc?def", "abcZdef", True),
    ("abc?def", "abc/def", False),
    ("a\\*b", "axb", False),
    ("a\\*b", "a*b", True),
    ("[a-c]x", "bx", True),
    ("[^a-c]x", "bx", False),
    ("(x)", "(x)", True),
    ("a+", "aa", False),
    ("**/foo/bar", "dir/foo/bar", True),
    ("abc/**", "abc", False),
    ("*.md", "a/b.md", False),
    ("a", "a/b/c", True),
    ("**/node_modules", "a/node_modules/b/c", True),
    ("/a", "a/b", True),
    ("./a/../b/", "b/c", True),
    ("# a\na", "a", True),
    (" #a", "#a", True),
    ("#a", "#a", False),
    ("*\n!keep", "keep", False),
    ("*\n!a/keep", "a/keep", False),
    ("*\n!a/keep", "a/other", True),
    ("a\n!a/b\na/b/c", "a/b/d", False),
    ("a\n!a/b\na/b/c", "a/b/c", True),
    ("!a\na", "a", True),
    ("\ufeffa", "a", True),
    (".", "a", False),
    ("", "a", False),
]


@pytest.mark.parametrize(("text", "path", "expected"), CASES)
def test_a_path_is_ignored_or_not(text: str, path: str, expected: bool) -> None:
    assert (path in Ignored(text)) is expected


@pytest.mark.parametrize("text", ["!", "a[", "[z-a]"])
def test_what_makes_no_sense_is_said(text: str) -> None:
    with pytest.raises(EngineError, match=r"\.dockerignore"):
        Ignored(text)
