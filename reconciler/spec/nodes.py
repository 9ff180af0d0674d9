"""YAML events → a small node graph. Every bound is held while they arrive, before anything is expanded.

Events rather than PyYAML's composer: they tell where an alias stands, nothing recurses, and it costs less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from reconciler.spec.diagnostics import closest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.spec.source import Source

MAX_DEPTH = 64
MAX_NODES = 100_000


class Leaf:
    """A scalar in the node graph; `start` and `end` are indexes into the text, here and below."""

    __slots__ = ("end", "start", "style", "tag", "value")

    def __init__(self, value: str, style: str | None, tag: str | None, start: int, end: int) -> None:
        self.value = value
        self.style = style
        self.tag = tag
        self.start = start
        self.end = end


class Branch:
    """A sequence, or a mapping with keys and values in turn. An alias is the node that it stands for."""

    __slots__ = ("_own", "children", "end", "flow", "height", "is_map", "start", "tag")

    def __init__(self, is_map: bool, flow: bool, tag: str | None, start: int) -> None:
        self.children: list[Node] = []
        self.is_map = is_map
        self.flow = flow
        self.tag = tag
        self.start = self.end = start
        self.height = 1  # levels from here down, aliases expanded
        self._own: tuple[dict[str, tuple[Leaf, Node]], Node | None] | None = None  # made when something is wrong

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """The own pairs of a mapping, a merge key among them."""
        children = iter(self.children)
        return zip(children, children, strict=True)

    def own(self) -> tuple[dict[str, tuple[Leaf, Node]], Node | None]:
        """The own pairs of a complete mapping by key, and the value of its merge key."""
        if self._own is None:
            pairs: dict[str, tuple[Leaf, Node]] = {}
            merge: Node | None = None
            for key, value in self.pairs():
                if isinstance(key, Leaf) and is_merge(key):
                    merge = value
                elif isinstance(key, Leaf):
                    pairs.setdefault(key.value, (key, value))
            self._own = (pairs, merge)
        return self._own


Node = Leaf | Branch


def child(node: Branch, step: str | int) -> tuple[Leaf | None, Node] | None:
    """What stands under this key or index, by YAML's precedence: own keys, then merged ones in order."""
    if not node.is_map:
        inside = isinstance(step, int) and 0 <= step < len(node.children)
        return (None, node.children[cast("int", step)]) if inside else None
    pairs, merge = node.own()
    if isinstance(step, str) and step in pairs:
        return pairs[step]
    for source in merge_sources(merge):
        if isinstance(source, Branch) and source.is_map and (found := child(source, step)):
            return found
    return None


def is_merge(key: Leaf) -> bool:
    """Whether this is the "<<" that merges; with quotes or a tag it is a key like any other."""
    return key.value == "<<" and not key.style and not key.tag


def merge_sources(value: Node | None) -> list[Node]:
    """The sources of a merge key, strongest first."""
    if value is None:
        return []
    return value.children if isinstance(value, Branch) and not value.is_map else [value]


class _Anchor:
    """What an alias of this name stands for; `node` is None until it is complete."""

    __slots__ = ("before", "node", "size")

    def __init__(self, before: int) -> None:
        self.before = before  # nodes seen when it began
        self.node: Node | None = None
        self.size = 0


class Graph:
    """Builds the node graph from the event stream, and holds the bounds on depth and nodes meanwhile."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._anchors: dict[str, _Anchor] = {}

    def build(self) -> Node | None:
        """The root; None where there is no document."""
        from yaml import YAMLError  # costs 33 ms, so only where a spec is read

        try:
            return self._build()
        except YAMLError as error:
            from reconciler.spec.yaml_errors import explain  # only where something is wrong

            self._source.fail(*explain(error, self._source.text))

    def _build(self) -> Node | None:  # noqa: PLR0915 - the hot loop: calls would cost a third more
        import yaml  # as in build()
        from yaml import events

        scalar_event, alias_event = events.ScalarEvent, events.AliasEvent
        start_events = (events.MappingStartEvent, events.SequenceStartEvent)
        end_events = (events.MappingEndEvent, events.SequenceEndEvent)
        mapping_start = events.MappingStartEvent
        # The C parser where PyYAML was built with libyaml, as its wheels are.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self._source.text)
        next_event = loader.get_event

        root = Branch(False, False, None, 0)  # holds the document's root; not a level of its own
        current, stack = root, [root]
        open_anchors: list[_Anchor | None] = []
        anchors = self._anchors
        nodes = 0  # values, aliases expanded
        while True:
            event = next_event()
            kind = type(event)
            if kind is scalar_event:
                children = current.children
                leaf = Leaf(event.value, event.style, event.tag, event.start_mark.index, event.end_mark.index)
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
                branch = Branch(kind is mapping_start, bool(event.flow_style), event.tag, event.start_mark.index)
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
                target = cast("Node", anchor.node)
                nodes += anchor.size
                if nodes > MAX_NODES:
                    self._too_many(event)
                if isinstance(target, Branch):
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
