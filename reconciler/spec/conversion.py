"""Node graph → plain data, by the YAML 1.2 core schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from reconciler.spec.nodes import Branch, Leaf, Node, is_merge, merge_sources
from reconciler.spec.scalar import NULL, Scalar, core_kind

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.source import Source

_MAX_PROBLEMS = 100  # of one file: nobody reads more, and a hostile file has a hundred thousand
_TAG = "tag:yaml.org,2002:"
MARKS = frozenset(["!reset", "!override"])
"""Compose's tags, which say how a value is merged with that of the file before: `merge.py` looks at them."""


class Converter:
    """Node graph → plain data. Its bounds hold with aliases expanded: recursion and size are safe."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # By place, because what an alias stands for is met again with each use.
        self.problems: dict[int, Diagnostic] = {}
        self._firsts: tuple[Branch | None, dict[str, Leaf]] = (None, {})
        self.marked = False
        """Whether any value bears one of `MARKS`."""

    def mapping(self, node: Branch) -> dict[str, Any]:
        """A mapping, merge key applied. What is wrong with it is added to the problems."""
        result: dict[str, Any] = {}
        merge: Node | None = None
        if node.tag is not None:
            self._check_tag(node, "map")
        children = iter(node.children)
        for key, value in zip(children, children, strict=True):
            if type(key) is not Leaf:
                self._problem(key, "a key must be text, not a list or mapping", 'write it as "name: value"')
                continue
            name = key.value
            if name == "<<" and is_merge(key):
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
                from reconciler.spec.yaml_errors import NO_KEY  # only where something is wrong

                self._problem(key, *NO_KEY)
            if type(value) is Leaf and value.tag is None:  # most values: spare them the call
                text = value.value
                if value.style:
                    result[name] = Scalar(text)
                else:
                    result[name] = None if text in NULL else Scalar(text, core_kind(text), plain=True)
            else:
                result[name] = self._value(value)
        for source in merge_sources(merge):
            if isinstance(source, Branch) and source.is_map:
                for name, merged in self.mapping(source).items():
                    result.setdefault(name, merged)
            else:
                self._problem(source, '"<<" merges mappings only', 'write "<<: *name", or "<<: [*one, *two]"')
        return result

    def _value(self, node: Node) -> Any:
        if type(node) is Leaf:
            text = node.value
            if node.tag in MARKS:
                self.marked = True
            elif node.tag not in {None, "!"}:
                return self._tagged(node)
            if node.style:
                return Scalar(text)
            return None if text in NULL else Scalar(text, core_kind(text), plain=True)
        branch = cast("Branch", node)
        if branch.is_map:
            return self.mapping(branch)
        if branch.tag is not None:
            self._check_tag(branch, "seq")
        value = self._value
        for item in branch.children:
            if item.tag in MARKS:
                self._problem(item, f'"{item.tag}" can\'t stand in a list', "write it at the list, or at a key's value")
        return [value(child) for child in branch.children]

    def _tagged(self, leaf: Leaf) -> Scalar | None:
        """A scalar with a tag of the core schema: the tag decides on its kind, and its text must fit."""
        text = leaf.value
        tag = (leaf.tag or "").removeprefix(_TAG)
        if tag == "str":
            return Scalar(text)
        if tag == "null" and text in NULL:
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

    def _check_tag(self, node: Node, kind: str) -> None:
        if node.tag in MARKS:
            self.marked = True
        elif node.tag not in {"!", _TAG + kind}:
            self._unknown_tag(node)

    def _unknown_tag(self, node: Node) -> None:
        tag = (node.tag or "").replace(_TAG, "!!")
        self._problem(node, f'the tag "{tag}" is not known', "remove it: the value's own form says what it is")

    def _duplicate(self, node: Branch, key: Leaf, hint: str) -> None:
        if key.start in self.problems or len(self.problems) >= _MAX_PROBLEMS:
            return
        if self._firsts[0] is not node:  # looked up once a mapping: a hostile one has thousands
            own = [one for one, _ in node.pairs() if isinstance(one, Leaf)]
            self._firsts = node, {one.value: one for one in reversed(own)}
        first = self._firsts[1][key.value]
        span = self._source.span(first.start, first.end)
        message = f'the key "{key.value}" stands here a second time; first at {span.line}:{span.column}'
        self._problem(key, message, hint)

    def _problem(self, node: Node, message: str, hint: str) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            span = self._source.span(node.start, node.end)
            self.problems[node.start] = self._source.diagnostic(span, message, hint)
