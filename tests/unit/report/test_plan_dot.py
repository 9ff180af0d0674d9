from __future__ import annotations

import re
from dataclasses import replace

from reconciler.report.plan_dot import plan_dot
from tests.unit.report.scenes import NOT_OURS, create, hello, plan, replacement, start

ID = r'"(?:[^"\\]|\\.)*"'


def test_every_action_is_a_node_in_its_resources_cluster_and_every_need_an_arrow() -> None:
    scene = hello()
    text = plan_dot(scene)
    assert len(re.findall(r"^    \S.* \[label=", text, re.M)) == len(scene.actions)
    assert text.count("subgraph") == len({action.resource for action in scene.actions})
    assert text.count(" -> ") == sum(len(action.needs) for action in scene.actions)
    assert '"container/hello-db-1:prove" [label="prove", tooltip="not here yet", shape="ellipse"];' in text


def test_what_only_comes_after_is_dashed() -> None:
    first, second = start("a"), start("b")
    text = plan_dot(plan(actions=(first, replace(second, after=(first.id,)))))
    assert '  "container/a:start" -> "container/b:start" [style="dashed"];' in text


def test_conflicts_are_told() -> None:
    assert r"\nIt can't be applied: 1 conflict\ncontainer \"hello-api-1\" exists" in plan_dot(
        hello(conflicts=(NOT_OURS,))
    )


def test_no_name_ends_its_quotes() -> None:
    nasty = 'a"; b -> c; "\\'
    text = plan_dot(plan(project=nasty, actions=(*create(nasty), *replacement("\\N &amp; <b>\n"))))
    for line in text.splitlines():
        rest = re.sub(ID, "Q", line).strip()
        assert re.fullmatch(
            r"digraph Q \{|subgraph Q \{|\}|label=Q;|Q -> Q;|node \[shape=Q\];|graph \[.*\];"
            r"|Q \[label=Q, tooltip=Q(, shape=Q)?\];",
            rest,
        ), line
    assert r'label="container \\N &amp;amp; <b>\\n"' in text
