from __future__ import annotations

import io
import re

from reconciler.report.screen import Screen


class Glass:
    """What a terminal shows, for the few sequences that a screen uses."""

    def __init__(self, columns: int, lines: int) -> None:
        self.size = (columns, lines)
        self.rows = [""] * lines

    def draw(self, written: str) -> None:
        line = column = 0
        for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r\n|[^\x1b\r]", written):
            if part == "\x1b[H":
                line = column = 0
            elif part == "\r\n":
                line, column = line + 1, 0
            elif part == "\x1b[K":
                self.rows[line] = self.rows[line][:column]
            elif part == "\x1b[J":
                self.rows[line] = self.rows[line][:column]
                self.rows[line + 1 :] = [""] * len(self.rows[line + 1 :])
            elif not part.startswith("\x1b"):
                row = self.rows[line].ljust(column)
                self.rows[line] = row[:column] + part + row[column + 1 :]
                column += 1


def test_each_text_takes_the_place_of_the_one_before() -> None:
    out, glass = io.StringIO(), Glass(20, 4)
    with Screen(out, lambda: glass.size) as screen:
        screen.show("first line\nsecond\nthird")
        glass.draw(out.getvalue())
        assert glass.rows == ["first line", "second", "third", ""]
        out.truncate(0)
        screen.show("new\nlonger second")
        assert "\x1b[2J" not in out.getvalue(), "what is cleared first flickers"
        glass.draw(out.getvalue())
        assert glass.rows == ["new", "longer second", "", ""]


def test_what_has_no_room_is_counted() -> None:
    out, glass = io.StringIO(), Glass(40, 3)
    with Screen(out, lambda: glass.size) as screen:
        screen.show("\n".join("abcde"))
        glass.draw(out.getvalue())
        assert glass.rows == ["a", "b", "… 3 more lines: make the window taller"]
        glass.size, glass.rows = (40, 6), [""] * 6
        out.truncate(0)
        screen.show("\n".join("abcde"))
        glass.draw(out.getvalue())
        assert glass.rows == ["a", "b", "c", "d", "e", ""], "a window that has grown"


def test_the_terminal_is_as_it_was_at_the_end() -> None:
    out = io.StringIO()
    with Screen(out, lambda: (80, 24)):
        begun = set(re.findall(r"\x1b\[\?(\d+)[hl]", out.getvalue()))
    last = dict(re.findall(r"\x1b\[\?(\d+)([hl])", out.getvalue()))
    assert begun == {"1049", "25", "7"}
    assert last == {"1049": "l", "25": "h", "7": "h"}
