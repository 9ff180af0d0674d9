from __future__ import annotations

from reconciler.report.search_text import Found, found_text, tags_text
from reconciler.report.style import Style

FOUND = [
    Found("nginx", "Official build of Nginx.", 20123, True),
    Found("somebody/nginx", "Nginx,\nand a title\x1b]0;x\x07", 7, False),
]


def test_images_of_the_hub() -> None:
    assert found_text("nginx", FOUND, Style(), 100).split("\n") == [
        "    STARS  NAME            OFFICIAL  DESCRIPTION",
        "  ✓ 20123  nginx           official  Official build of Nginx.",
        "        7  somebody/nginx            Nginx, and a title�]0;x�",
    ]
    assert found_text("x\x1b", [], Style(), 100) == 'Docker Hub has nothing for "x\\e".'


def test_tags_of_a_repository() -> None:
    assert tags_text("r.example/app", ["2", "1"], 2, Style()) == "r.example/app:2\nr.example/app:1"
    assert tags_text("r.example/app", ["2"], 9, Style()).split("\n")[-1] == "… and 8 more: say --limit 9"
    assert tags_text("r.example/app", [], 0, Style()) == "r.example/app has no tags."
