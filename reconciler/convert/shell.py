"""A command line as it stands in a document or a script → its words, by the rules of the shell.

Nothing is run, and no variable is looked up: a word is a template, in which `${NAME}` is a variable of the spec and
`$$` a dollar.
"""

from __future__ import annotations

import re
from typing import NoReturn

from reconciler.errors import UsageError

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*(?:(?::?[-?+])[^{}`]*)?)\})")
_WORKING_FOLDER = re.compile(r"\$\(\s*pwd\s*\)|`\s*pwd\s*`")
_SUBSTITUTION = re.compile(r"\$\([^)]*\)?|`[^`]*`?")
_SPACE = " \t\n\r"
_CONTROL = frozenset(";|&<>()")


def words_of(text: str) -> list[str]:
    """The words of one command, which may stand on several lines with a backslash at each end.

    Args:
        text: the command line.

    Raises:
        UsageError: it is more than one command, has a quote that is not closed, or wants another command to be run.
    """
    return _Words(text.replace("\r\n", "\n").strip()).read()


def literal(word: str) -> str:
    """A word in which nothing is a variable, as a template."""
    return word.replace("$", "$$")


class _Words:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[str] = []
        self._word: str | None = None

    def read(self) -> list[str]:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._end_word()
        return self._found

    def _step(self, char: str) -> None:
        text = self._text
        if char in _SPACE:
            self._end_word()
            self._at += 1
            if char == "\n" and self._found and (rest := text[self._at :].lstrip()) and not rest.startswith("#"):
                self._fail(
                    "another command begins",
                    "convert one at a time; a line that goes on ends in a backslash",
                    len(text) - len(rest),
                )
        elif char == "#" and self._word is None:
            end = text.find("\n", self._at)
            self._at = len(text) if end < 0 else end
        elif char == "\\":
            following = text[self._at + 1 : self._at + 2]
            if following != "\n":
                self._add(literal(following))
            self._at += 2
        elif char == "'":
            self._add(literal(text[self._at + 1 : self._closing(char)]))
            self._at = self._closing(char) + 1
        elif char == '"':
            self._double()
        elif char in "$`":
            self._dollar()
        elif char in _CONTROL:
            self._fail(
                f'"{char}" belongs to the shell, which does not run here',
                "give the docker command alone, and put quotes around what is its own",
                self._at,
            )
        else:
            self._add(char)
            self._at += 1

    def _double(self) -> None:
        text, start = self._text, self._at
        self._add("")
        self._at += 1
        while self._at < len(text) and text[self._at] != '"':
            char, following = text[self._at], text[self._at + 1 : self._at + 2]
            if char == "\\" and following and following in '$`"\\\n':
                self._add("" if following == "\n" else literal(following))
                self._at += 2
            elif char in "$`":
                self._dollar()
            else:
                self._add(char)
                self._at += 1
        if self._at >= len(text):
            self._not_closed('"', start)
        self._at += 1

    def _dollar(self) -> None:
        text = self._text
        if found := _WORKING_FOLDER.match(text, self._at):
            self._add("${PWD}")
        elif found := _SUBSTITUTION.match(text, self._at):
            raise UsageError(f"{found[0]} can't be run here", "write what it prints")
        elif found := _VARIABLE.match(text, self._at):
            self._add(f"${{{found[1] or found[2]}}}")
        else:
            self._add("$$")
            self._at += 1
            return
        self._at = found.end()

    def _closing(self, quote: str) -> int:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            self._not_closed(quote, self._at)
        return end

    def _not_closed(self, quote: str, start: int) -> NoReturn:
        self._fail("a quote is not closed", f"close it with another {quote}", start)

    def _fail(self, message: str, hint: str, at: int) -> NoReturn:
        # By its position: the text may have a password in it.
        before = self._text[:at]
        line, column = before.count("\n") + 1, at - before.rfind("\n")
        raise UsageError(f"line {line}, column {column}: {message}", hint)

    def _add(self, text: str) -> None:
        self._word = (self._word or "") + text

    def _end_word(self) -> None:
        if self._word is not None:
            self._found.append(self._word)
        self._word = None


def split(template: str, separator: str, most: int = -1) -> list[str]:
    """The parts of a template between separators, none of which is inside a `${…}`.

    Args:
        template: the text.
        separator: one character.
        most: split at most so often; -1 for always.
    """
    parts, depth = [""], 0
    for index, char in enumerate(template):
        depth += template[index : index + 2] == "${"
        depth -= char == "}" and depth > 0
        if char == separator and not depth and most:
            parts.append("")
            most -= 1
        else:
            parts[-1] += char
    return parts
