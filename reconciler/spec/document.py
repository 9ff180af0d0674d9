"""YAML text → plain data, and the position of every node.

PyYAML's own loaders guess (`no`, `22:22`, `0777`), keep the last of duplicate keys, and let a file of
400 bytes take minutes and gigabytes. So nothing is constructed here: the parser's events become a small
node graph under the YAML 1.2 core schema, and every bound is held while the events arrive, before anything
is expanded. Events rather than PyYAML's composer: they tell where an alias stands, nothing recurses, and it
costs less.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

from reconciler.spec.diagnostics import Diagnostic, Severity, Span, closest, spec_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yaml.error import YAMLError

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NODES = 100_000
_MAX_PROBLEMS = 100  # of one file: nobody reads more, and a hostile file has a hundred thousand

Kind = Literal["str", "int", "float", "bool"]
Path_ = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BOOL = frozenset(["true", "True", "TRUE", "false", "False", "FALSE"])
_NULL = frozenset(["", "~", "null", "Null", "NULL"])
_NOT_STR_START = frozenset("+-.0123456789tTfF")  # what an int, float or bool can start with
_TAG = "tag:yaml.org,2002:"
_LINE_END = re.compile(r"\r\n|\r|\n")
_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")


class Scalar(str):
    """A YAML scalar: the raw text, and what the YAML 1.2 core schema takes it for.

    The text is kept so that a field of text sees `1.10` and `0777` as they were written. It is a `str` in all
    other ways: equality, hash, JSON.

    Attributes:
        kind: what it is by the core schema; quoted scalars and blocks are always "str".
        plain: written without quotes, so that its kind may change with its text (interpolation).
    """

    __slots__ = ("kind", "plain")

    kind: Kind
    plain: bool

    def __new__(cls, text: str, kind: Kind = "str", *, plain: bool = False) -> Scalar:
        """A scalar of this text; without a kind, as if it were quoted."""
        self = super().__new__(cls, text)
        self.kind = kind
        self.plain = plain
        return self


def core_kind(text: str) -> Kind:
    """What the YAML 1.2 core schema takes a plain, non-null scalar for."""
    if text[:1] not in _NOT_STR_START:
        return "str"
    if text in _BOOL:
        return "bool"
    if _INT.fullmatch(text):
        return "int"
    return "float" if _FLOAT.fullmatch(text) else "str"


class _Leaf:
    """A scalar in the node graph; `start` and `end` are indexes into the text, here and below."""

    __slots__ = ("end", "start", "style", "tag", "value")

    def __init__(self, value: str, style: str | None, tag: str | None, start: int, end: int) -> None:
        self.value = value
        self.style = style
        self.tag = tag
        self.start = start
        self.end = end


class _Branch:
    """A sequence, or a mapping with keys and values in turn. An alias is the node that it stands for."""

    __slots__ = ("children", "end", "flow", "height", "is_map", "start", "tag")

    def __init__(self, is_map: bool, flow: bool, tag: str | None, start: int) -> None:
        self.children: list[_Node] = []
        self.is_map = is_map
        self.flow = flow
        self.tag = tag
        self.start = self.end = start
        self.height = 1  # levels from here down, aliases expanded

    def pairs(self) -> Iterator[tuple[_Node, _Node]]:
        """The own pairs of a mapping, a merge key among them."""
        children = iter(self.children)
        return zip(children, children, strict=True)


_Node = _Leaf | _Branch


class _Anchor:
    """What an alias of this name stands for; `node` is None until it is complete."""

    __slots__ = ("before", "node", "size")

    def __init__(self, before: int) -> None:
        self.before = before  # nodes seen when it began
        self.node: _Node | None = None
        self.size = 0


class _Source:
    """A file's text, and the way from an index in it to a place that a person finds."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None  # of the lines; made when something is wrong

    def span(self, start: int, end: int) -> Span:
        """The place of this stretch, as far as it is on one line."""
        starts = self._line_starts()
        line = bisect_right(starts, start)
        column = start - starts[line - 1] + 1
        first = self.text[start : min(end, starts[line] if line < len(starts) else end)].rstrip()
        return Span(line, column, max(1, len(first)))

    def diagnostic(self, span: Span, message: str, hint: str, severity: Severity = "error") -> Diagnostic:
        """A problem here, with the line as the excerpt."""
        starts = self._line_starts()
        end = starts[span.line] if span.line < len(starts) else len(self.text)
        excerpt = self.text[starts[span.line - 1] : end].rstrip("\r\n")
        return Diagnostic(self.name, span.line, span.column, span.length, message, hint, severity, excerpt)

    def fail(self, start: int, end: int, message: str, hint: str) -> NoReturn:
        """Raises the one problem that makes it pointless to read on."""
        raise spec_error([self.diagnostic(self.span(start, end), message, hint)]) from None

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        return self._starts


class Document:
    """One parsed file: its data, and the way back from a path in the data to a place in the text.

    Attributes:
        name: the name that the user knows the file by.
        data: the root mapping; below it `dict`, `list`, `Scalar` and None. Aliases and merges are expanded.
    """

    __slots__ = ("_root", "_source", "data", "name")

    def __init__(self, source: _Source, root: _Branch, data: dict[str, Any]) -> None:
        self.name = source.name
        self.data = data
        self._source = source
        self._root = root

    def locate(self, path: Path_, *, key: bool = False) -> Span:
        """Where the value at this path stands, or with `key` its key.

        A block of several lines and an empty value are shown by their key. What does not exist is shown by
        the nearest parent that does.
        """
        found, value = self._find(path)
        block = isinstance(value, _Branch) and not value.flow
        empty = isinstance(value, _Leaf) and value.start == value.end
        if found is not None and (key or block or empty):
            value = found
        return self._source.span(value.start, value.end)

    def locate_in(self, path: Path_, offset: int, length: int) -> Span:
        """Where a part of the scalar at this path stands; all of it where escapes or folding hide that."""
        leaf = self._find(path)[1]
        if not isinstance(leaf, _Leaf) or not (part := leaf.value[offset : offset + length]):
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

    def _find(self, path: Path_) -> tuple[_Leaf | None, _Node]:
        """The key and the value at this path, or those of the nearest parent; not everything has a key."""
        key: _Leaf | None = None
        value: _Node = self._root
        for step in path:
            found = _child(value, step) if isinstance(value, _Branch) else None
            if found is None:
                break
            key, value = found
        return key, value


def _child(node: _Branch, step: str | int) -> tuple[_Leaf | None, _Node] | None:
    """What stands under this key or index, by YAML's precedence: own keys, then merged ones in order."""
    if not node.is_map:
        inside = isinstance(step, int) and 0 <= step < len(node.children)
        return (None, node.children[cast("int", step)]) if inside else None
    merge: _Node | None = None
    for key, value in node.pairs():
        if isinstance(key, _Leaf):
            if _is_merge(key):
                merge = value
            elif key.value == step:
                return key, value
    for source in _merged(merge):
        if isinstance(source, _Branch) and source.is_map and (found := _child(source, step)):
            return found
    return None


def _is_merge(key: _Leaf) -> bool:
    return key.value == "<<" and not key.style and not key.tag


def _merged(value: _Node | None) -> list[_Node]:
    """The sources of a merge key, strongest first."""
    if value is None:
        return []
    return value.children if isinstance(value, _Branch) and not value.is_map else [value]


def read(path: Path, name: str | None = None) -> Document:
    """Reads and parses a regular file.

    Raises:
        SpecError: it can't be read, or is not a spec's YAML; with a diagnostic at the right place.
    """
    import os  # with stat, only where a file is read
    import stat

    name = str(path) if name is None else name

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
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        fail("there is no such file", "check the path, and the folder that the command runs in")
    except PermissionError:
        fail("no permission to read this file", "make it readable for the user that runs the reconciler")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        fail(f"can't be read: {(reason or str(error)).lower()}", "check the path and its file system")
    return parse(content, name)


def _file_type(mode: int) -> str:
    import stat  # as in read()

    types = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    return types.get(stat.S_IFMT(mode), "a device")


def parse(text: str | bytes, name: str) -> Document:
    """Parses one file's content.

    Raises:
        SpecError: it is not a spec's YAML; with diagnostics at the right places.
    """
    source = _Source(name, _decoded(text, name))
    root = _Graph(source).build()
    if root is None or (isinstance(root, _Leaf) and not root.style and not root.tag and root.value in _NULL):
        hint = 'to remove everything, use the command for it; a spec starts with "containers:" or "services:"'
        raise spec_error([Diagnostic(name, 1, 1, 1, "the file is empty", hint)])
    if isinstance(root, _Leaf) or not root.is_map:
        what = "text" if isinstance(root, _Leaf) else "a list"
        hint = 'start with a key such as "containers:" or "services:"'
        source.fail(root.start, root.end, f"the file holds {what}, not a mapping", hint)
    converter = _Converter(source)
    data = converter.mapping(root)
    if converter.problems:
        raise spec_error(converter.problems.values())
    return Document(source, root, data)


def _decoded(text: str | bytes, name: str) -> str:
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
        content = text
        if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
            hint = "save it as UTF-8"
            raise spec_error([Diagnostic(name, 1, 1, 1, "the file is UTF-16 or UTF-32, not UTF-8", hint)])
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            before = content[: error.start].decode()
            wrong = f"byte 0x{content[error.start]:02x} is not valid UTF-8"
            _fail_at_end(name, before, wrong, "save the file as UTF-8")
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        before = text[: text.index("\0")]
        _fail_at_end(name, before, "a NUL character", "remove it; is this a text file, saved as UTF-8?")
    return text


def _fail_at_end(name: str, before: str, message: str, hint: str) -> NoReturn:
    """Fails right after the text: what follows can't be shown."""
    before = before.removeprefix("\ufeff")
    source = _Source(name, before + "\N{REPLACEMENT CHARACTER}")
    source.fail(len(before), len(before) + 1, message, hint)


class _Graph:
    """Builds the node graph from the event stream, and holds the bounds on depth and nodes meanwhile."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._anchors: dict[str, _Anchor] = {}

    def build(self) -> _Node | None:
        """The root; None where there is no document."""
        from yaml import YAMLError  # costs 33 ms, so only where a spec is read

        try:
            return self._build()
        except YAMLError as error:
            self._source.fail(*_explain(error, self._source.text))

    def _build(self) -> _Node | None:  # noqa: PLR0915 - the hot loop: calls would cost a third more
        import yaml  # as in build()
        from yaml import events

        scalar_event, alias_event = events.ScalarEvent, events.AliasEvent
        start_events = (events.MappingStartEvent, events.SequenceStartEvent)
        end_events = (events.MappingEndEvent, events.SequenceEndEvent)
        mapping_start = events.MappingStartEvent
        # The C parser where PyYAML was built with libyaml, as its wheels are.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self._source.text)
        next_event = loader.get_event

        root = _Branch(False, False, None, 0)  # holds the document's root; not a level of its own
        current, stack = root, [root]
        open_anchors: list[_Anchor | None] = []
        anchors = self._anchors
        nodes = 0  # values, aliases expanded
        while True:
            event = next_event()
            kind = type(event)
            if kind is scalar_event:
                children = current.children
                leaf = _Leaf(event.value, event.style, event.tag, event.start_mark.index, event.end_mark.index)
                children.append(leaf)
                if not current.is_map or not len(children) & 1:
                    nodes += 1
                    if nodes > MAX_NODES:
                        self._too_many(event)
                if event.anchor is not None:
                    anchor = anchors[event.anchor] = _Anchor(nodes)
                    anchor.node, anchor.size = leaf, 1
            elif kind in start_events:
                if len(stack) > MAX_DEPTH:
                    self._too_deep(event)
                branch = _Branch(kind is mapping_start, bool(event.flow_style), event.tag, event.start_mark.index)
                nodes += 1
                opened = None
                if event.anchor is not None:
                    opened = anchors[event.anchor] = _Anchor(nodes - 1)
                open_anchors.append(opened)
                current.children.append(branch)
                stack.append(branch)
                current = branch
            elif kind in end_events:
                branch = stack.pop()
                branch.end = event.end_mark.index
                current = stack[-1]
                if branch.height >= current.height:
                    current.height = branch.height + 1
                opened = open_anchors.pop()
                if opened is not None:
                    opened.node, opened.size = branch, nodes - opened.before
            elif kind is alias_event:
                anchor = self._anchor(event)
                target = cast("_Node", anchor.node)
                nodes += anchor.size
                if nodes > MAX_NODES:
                    self._too_many(event)
                if isinstance(target, _Branch):
                    if len(stack) - 1 + target.height > MAX_DEPTH:
                        self._too_deep(event)
                    current.height = max(current.height, target.height + 1)
                current.children.append(target)
            elif kind is events.DocumentStartEvent:
                if root.children:
                    hint = 'split the file where "---" stands, and give each part with -f'
                    self._fail(event, "a second document starts here; a spec is one document", hint)
            elif kind is events.StreamEndEvent:
                return root.children[0] if root.children else None

    def _anchor(self, event: Any) -> _Anchor:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            near = closest(event.anchor, self._anchors)
            hint = f'did you mean "*{near}"?' if near else f'define it before its use, with "&{event.anchor}"'
            self._fail(event, f'the alias "*{event.anchor}" has no anchor', hint)
        if anchor.node is None:
            self._fail(event, f'the alias "*{event.anchor}" stands inside of what it refers to', "take the alias out")
        return anchor

    def _too_deep(self, event: Any) -> NoReturn:
        hint = "no spec needs that; is it generated?"
        self._fail(event, f"nested more than {MAX_DEPTH} levels deep", hint)

    def _too_many(self, event: Any) -> NoReturn:
        hint = "split the file; each use of an alias counts as a copy of what it refers to"
        self._fail(event, f"the file holds more than {MAX_NODES:,} values", hint)

    def _fail(self, event: Any, message: str, hint: str) -> NoReturn:
        start = event.start_mark.index
        self._source.fail(start, max(event.end_mark.index, start + 1), message, hint)


class _Converter:
    """Node graph → plain data. Its bounds hold with aliases expanded: recursion and size are safe."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        # By place, because what an alias stands for is met again with each use.
        self.problems: dict[int, Diagnostic] = {}
        self._firsts: tuple[_Branch | None, dict[str, _Leaf]] = (None, {})

    def mapping(self, node: _Branch) -> dict[str, Any]:
        """A mapping, merge key applied. What is wrong with it is added to the problems."""
        result: dict[str, Any] = {}
        merge: _Node | None = None
        if node.tag is not None:
            self._check_tag(node, "map")
        children = iter(node.children)
        for key, value in zip(children, children, strict=True):
            if type(key) is not _Leaf:
                self._problem(key, "a key must be text, not a list or mapping", 'write it as "name: value"')
                continue
            name = key.value
            if name == "<<" and _is_merge(key):
                if merge is not None:
                    self._duplicate(node, key, 'merge several with one list: "<<: [*one, *two]"')
                merge = value
                continue
            if name in result:
                self._duplicate(node, key, "remove one of them, or give it another name")
                continue
            if key.tag is not None:
                self._check_tag(key, "str")
            if not name and key.start == key.end:
                self._problem(key, *_NO_KEY)
            if type(value) is _Leaf and value.tag is None:  # most values: spare them the call
                text = value.value
                if value.style:
                    result[name] = Scalar(text)
                else:
                    result[name] = None if text in _NULL else Scalar(text, core_kind(text), plain=True)
            else:
                result[name] = self._value(value)
        for source in _merged(merge):
            if isinstance(source, _Branch) and source.is_map:
                for name, merged in self.mapping(source).items():
                    result.setdefault(name, merged)
            else:
                self._problem(source, '"<<" merges mappings only', 'write "<<: *name", or "<<: [*one, *two]"')
        return result

    def _value(self, node: _Node) -> Any:
        if type(node) is _Leaf:
            text = node.value
            if node.tag not in {None, "!"}:
                return self._tagged(node)
            if node.style:
                return Scalar(text)
            return None if text in _NULL else Scalar(text, core_kind(text), plain=True)
        branch = cast("_Branch", node)
        if branch.is_map:
            return self.mapping(branch)
        if branch.tag is not None:
            self._check_tag(branch, "seq")
        value = self._value
        return [value(child) for child in branch.children]

    def _tagged(self, leaf: _Leaf) -> Scalar | None:
        """A scalar with a tag of the core schema: the tag decides on its kind, and its text must fit."""
        text = leaf.value
        tag = (leaf.tag or "").removeprefix(_TAG)
        if tag == "str":
            return Scalar(text)
        if tag == "null" and text in _NULL:
            return None
        kind = core_kind(text)
        for known in ("int", "float", "bool"):
            if tag == known and (kind == known or (known, kind) == ("float", "int")):
                return Scalar(text, known, plain=not leaf.style)
        if leaf.tag in {_TAG + known for known in ("int", "float", "bool", "null")}:
            self._problem(leaf, f'this value is no "{tag}", as its tag says', "correct the value, or remove the tag")
        else:
            self._unknown_tag(leaf)
        return Scalar(text)

    def _check_tag(self, node: _Node, kind: str) -> None:
        if node.tag not in {"!", _TAG + kind}:
            self._unknown_tag(node)

    def _unknown_tag(self, node: _Node) -> None:
        # Tags with a meaning of their own (Compose's !reset, !override) belong here: all ways lead through.
        tag = (node.tag or "").replace(_TAG, "!!")
        self._problem(node, f'the tag "{tag}" is not known', "remove it: the value's own form says what it is")

    def _duplicate(self, node: _Branch, key: _Leaf, hint: str) -> None:
        if key.start in self.problems or len(self.problems) >= _MAX_PROBLEMS:
            return
        if self._firsts[0] is not node:  # looked up once a mapping: a hostile one has thousands
            own = [one for one, _ in node.pairs() if isinstance(one, _Leaf)]
            self._firsts = node, {one.value: one for one in reversed(own)}
        first = self._firsts[1][key.value]
        span = self._source.span(first.start, first.end)
        message = f'the key "{key.value}" stands here a second time; first at {span.line}:{span.column}'
        self._problem(key, message, hint)

    def _problem(self, node: _Node, message: str, hint: str) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            span = self._source.span(node.start, node.end)
            self.problems[node.start] = self._source.diagnostic(span, message, hint)


# What libyaml and PyYAML say → what a person can use. The first that is contained in their words holds.
_NO_KEY = ('the key before ":" is missing', 'write it as "name: value"')
_NO_VALUE = ("a value is missing before this", "write one, or put quotes around text with such characters")
_INDENTATION = (
    "this line fits neither the lines above nor a new key",
    "check its indentation, and quotes that end too early",
)
_ESCAPE = ("an escape that YAML does not know", 'write "\\\\" for a backslash, or use single quotes')
_NO_NAME = (
    "an anchor or alias needs a name of letters, digits, - and _",
    "name it, or put quotes around text that starts with & or *",
)
_OPEN_QUOTE = ("this quote is never closed", "close it")
_BAD_TAG = ("a tag that is not known", 'remove it, or put quotes around text that starts with "!"')
_EXPLANATIONS = {
    "mapping values are not allowed": (
        'a ":" that can\'t stand here',
        'put quotes around text that contains ": ", and check the indentation',
    ),
    "could not find expected ':'": (
        'a key without ":"',
        'write it as "name: value"; text of several lines needs "|" or quotes',
    ),
    "did not find expected key": _INDENTATION,
    "expected <block end>": _INDENTATION,
    "node content": _NO_VALUE,
    "did not find expected '-'": ('a "-" is missing: this stands in a list', "check the indentation"),
    "sequence entries are not allowed": (
        'the "-" of a list can\'t stand here',
        "start the list on a line of its own",
    ),
    "mapping keys are not allowed": (
        "a key can't stand here",
        "start the mapping on a line of its own",
    ),
    "expected ',' or": (
        'a "," is missing, or the closing bracket',
        "close the bracket; separate items with commas; quote text with brackets in it",
    ),
    "unexpected end of stream": _OPEN_QUOTE,
    "unexpected document": _OPEN_QUOTE,
    "escape": _ESCAPE,
    "hexdecimal": _ESCAPE,  # libyaml's own spelling
    "cannot start any token": ("text can't start with this character", "put quotes around the text"),
    "tag": _BAD_TAG,
    "expected <document start>": ("this does not belong to the document above", "check the indentation"),
    "alphabetic or numeric": _NO_NAME,
    "directive": ("a directive that is not known", 'put quotes around text that starts with "%"'),
}


def _explain(error: YAMLError, text: str) -> tuple[int, int, str, str]:
    """Start, end, message and hint for what the parser could not read."""
    problem = str(getattr(error, "problem", None) or "")
    context = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or context
    if mark is None:  # the reader's errors: a character that YAML forbids
        found = re.search(_FORBIDDEN, text)  # compiled only here: that takes milliseconds
        if found is None:
            return 0, 1, "this is not readable as YAML", "check the file"
        code = f"U+{ord(found[0]):04X}"
        return (
            found.start(),
            found.end(),
            f"the control character {code}",
            'remove it, or write it as "\\u…" in quotes',
        )
    index: int = mark.index
    # A quote or a key is wrong where it starts, not where the parser gave up.
    if context is not None and any(part in problem for part in ("unexpected", "expected ':'")):
        index = context.index
    index = max(0, min(index, len(text.rstrip())))
    line_start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    indentation = re.compile(r"[ \t]*").match(text, line_start)
    tab = text.find("\t", line_start, indentation.end() if indentation else line_start)
    if tab >= 0:
        return tab, tab + 1, "a tab can't indent in YAML", "use spaces"
    if text[index : index + 1] == "\t":
        return index, index + 1, "a tab can't stand here", "use a space"
    if text[index - 1 : index] == "\\":  # libyaml points at the backslash, PyYAML at what follows it
        index -= 1
    for part, explanation in _EXPLANATIONS.items():
        if part in problem:
            no_key = explanation in (_INDENTATION, _NO_VALUE) and text[index : index + 1] == ":"
            return index, index + 1, *(_NO_KEY if no_key else explanation)
    return index, index + 1, f"not YAML: {problem or 'unreadable'}", "check the line, and the one above"
