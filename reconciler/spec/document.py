"""YAML text → plain data, and the position of every node.

PyYAML's own loaders guess (`no`, `22:22`, `0777`), keep the last of duplicate keys, and let a file of
400 bytes take minutes and gigabytes. So nothing is constructed here: the parser's events become a small
node graph under the YAML 1.2 core schema, and every bound is held while the events arrive, before anything
is expanded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, cast

from reconciler.spec.conversion import MARKS, Converter
from reconciler.spec.diagnostics import Diagnostic, Severity, Span, spec_error
from reconciler.spec.nodes import Branch, Graph, Leaf, Node, child
from reconciler.spec.scalar import NULL
from reconciler.spec.source import Source

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 20

Path_ = tuple[str | int, ...]

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")


class Document:
    """One parsed file: its data, and the way back from a path in the data to a place in the text.

    Attributes:
        name: the name that the user knows the file by.
        data: the root mapping; below it `dict`, `list`, `Scalar` and None. Aliases and merges are expanded.
        marked: whether any value bears `!reset` or `!override`.
    """

    __slots__ = ("_root", "_source", "data", "marked", "name")

    def __init__(self, source: Source, root: Branch, data: dict[str, Any], *, marked: bool = False) -> None:
        self.name = source.name
        self.data = data
        self._source = source
        self._root = root
        self.marked = marked

    def mark(self, path: Path_) -> str:
        """`!reset` or `!override`, where the value at this path bears such a tag; else empty."""
        tag = self._find(path)[1].tag if self.marked else None
        return tag if tag in MARKS else ""

    def locate(self, path: Path_, *, key: bool = False) -> Span:
        """Where the value at this path stands, or with `key` its key.

        A block of several lines and an empty value are shown by their key. What does not exist is shown by
        the nearest parent that does.
        """
        found, value = self._find(path)
        block = isinstance(value, Branch) and not value.flow
        empty = isinstance(value, Leaf) and value.start == value.end
        if found is not None and (key or block or empty):
            value = found
        return self._source.span(value.start, value.end)

    def locate_in(self, path: Path_, offset: int, length: int) -> Span:
        """Where a part of the scalar at this path stands; all of it where escapes or folding hide that."""
        leaf = self._find(path)[1]
        if not isinstance(leaf, Leaf) or not (part := leaf.value[offset : offset + length]):
            return self.locate(path)
        # Anchors and tags belong to the node, not to its value.
        text = self._source.text
        properties = _PROPERTIES.match(text, leaf.start, leaf.end)
        source = text[properties.end() if properties else leaf.start : leaf.end]
        # A part that is in the source as often as in the value is there in the same order: that holds for
        # all styles, without reading quotes, escapes and indentation a second time.
        if source.count(part) != leaf.value.count(part):
            return self.locate(path)
        index = -1
        for _ in range(leaf.value[:offset].count(part) + 1):
            index = source.find(part, index + (len(part) if index >= 0 else 1))
        start = leaf.end - len(source) + index
        return self._source.span(start, start + len(part)) if index >= 0 else self.locate(path)

    def diagnostic(
        self, path: Path_, message: str, hint: str = "", *, key: bool = False, severity: Severity = "error"
    ) -> Diagnostic:
        """A problem with the value (or key) at this path."""
        return self._source.diagnostic(self.locate(path, key=key), message, hint, severity)

    def diagnostic_in(
        self,
        path: Path_,
        offset: int,
        length: int,
        message: str,
        hint: str = "",
        *,
        severity: Severity = "error",
    ) -> Diagnostic:
        """A problem with a part of the scalar at this path; the first five suit `interpolate()`."""
        return self._source.diagnostic(self.locate_in(path, offset, length), message, hint, severity)

    def _find(self, path: Path_) -> tuple[Leaf | None, Node]:
        """The key and the value at this path, or those of the nearest parent; not everything has a key."""
        key: Leaf | None = None
        value: Node = self._root
        for step in path:
            found = child(value, step) if isinstance(value, Branch) else None
            if found is None:
                break
            key, value = found
        return key, value


def read(path: Path, name: str | None = None) -> Document:
    """Reads and parses a regular file.

    Raises:
        SpecError: it can't be read, or is not a spec's YAML; with a diagnostic at the right place.
    """
    name = str(path) if name is None else name
    return parse(content(path, name), name)


def content(path: Path, name: str) -> bytes:
    """The content of a regular file, and a byte more than MAX_BYTES of a larger one.

    Raises:
        SpecError: it can't be read.
    """
    import os  # with stat, only where a file is read
    import stat

    def fail(message: str, hint: str) -> NoReturn:
        raise spec_error([Diagnostic(name, 0, 0, 1, message, hint)]) from None

    regular = "a spec is a regular file; give the path of one"
    try:
        # Looked at before it is opened: to open a device can have effects. And again after, with O_NONBLOCK:
        # it may have become a FIFO in between, and to open one waits for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            fail(f"not a regular file but {_file_type(path.stat().st_mode)}", regular)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                fail(f"not a regular file but {_file_type(mode)}", regular)
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        fail("there is no such file", "check the path, and the folder that the command runs in")
    except PermissionError:
        fail("no permission to read this file", "make it readable for the user that runs the reconciler")
    except OSError as error:
        fail(f"can't be read: {(error.strerror or str(error)).lower()}", "check the path and its file system")
    except ValueError:  # a NUL, or what is no text: each Python has its own words
        fail("can't be read: no file can have this name", "check the path")


def _file_type(mode: int) -> str:
    import stat  # as in read()

    types = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    return types.get(stat.S_IFMT(mode), "a device")


def parse(text: str | bytes, name: str) -> Document:
    """Parses one file's content.

    Raises:
        SpecError: it is not a spec's YAML; with diagnostics at the right places.
    """
    source = Source(name, decoded(text, name))
    root = Graph(source).build()
    if root is None or (isinstance(root, Leaf) and not root.style and not root.tag and root.value in NULL):
        hint = "to remove a project, use `reconciler down`; a spec has at least `containers:`"
        raise spec_error([Diagnostic(name, 1, 1, 1, "the file is empty", hint)])
    if isinstance(root, Leaf) or not root.is_map:
        what = "text" if isinstance(root, Leaf) else "a list"
        hint = 'start with a key such as "containers:" or "services:"'
        source.fail(root.start, root.end, f"the file holds {what}, not a mapping", hint)
    converter = Converter(source)
    data = converter.mapping(root)
    if converter.problems:
        raise spec_error(converter.problems.values())
    return Document(source, root, data, marked=converter.marked)


def decoded(text: str | bytes, name: str) -> str:
    """The text without byte order mark, within the bound on size, surely without NUL and lone surrogates."""
    try:
        size = len(text) if isinstance(text, bytes) or len(text) > MAX_BYTES else len(text.encode())
    except UnicodeEncodeError as error:
        before = cast("str", text)[: error.start]
        _fail_at_end(name, before, "this character is half of a surrogate pair", "save the file as UTF-8")
    if size > MAX_BYTES:
        hint = "split it into several files, and give each with -f"
        raise spec_error([Diagnostic(name, 1, 1, 1, "the file is larger than 1 MiB", hint)])
    if isinstance(text, bytes):
        raw = text
        if raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
            hint = "save it as UTF-8"
            raise spec_error([Diagnostic(name, 1, 1, 1, "the file is UTF-16 or UTF-32, not UTF-8", hint)])
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode()
            wrong = f"byte 0x{raw[error.start]:02x} is not valid UTF-8"
            _fail_at_end(name, before, wrong, "save the file as UTF-8")
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        before = text[: text.index("\0")]
        _fail_at_end(name, before, "a NUL character", "remove it; is this a text file, saved as UTF-8?")
    return text


def _fail_at_end(name: str, before: str, message: str, hint: str) -> NoReturn:
    """Fails right after the text: what follows can't be shown."""
    before = before.removeprefix("\ufeff")
    source = Source(name, before + "\N{REPLACEMENT CHARACTER}")
    source.fail(len(before), len(before) + 1, message, hint)
