from __future__ import annotations

import re
import subprocess
import sys

from reconciler.errors import EngineUnreachable, ReconcilerError, SpecError
from reconciler.report.error_text import error_text
from reconciler.report.style import Style
from reconciler.spec.diagnostics import Diagnostic, spec_error

OFF, ON = Style(False), Style(True)

TYPO = Diagnostic(
    "shop.yaml",
    12,
    7,
    10,
    'unknown attribute "enviroment" in container "web"',
    'did you mean "environment"?',
    excerpt="      enviroment:",
)
MISSING = Diagnostic("env.list", 0, 0, 1, "there is no such file", "make it")
UNUSED = Diagnostic("shop.yaml", 14, 7, 2, "volume is not used", severity="warning", excerpt="      日本: a ^ | b")


def test_a_message_and_what_to_do() -> None:
    error = EngineUnreachable("no Docker Engine at unix:///x", "start it, or name another one with --host")
    assert error_text(error, OFF) == (
        "error: no Docker Engine at unix:///x\n  start it, or name another one with --host"
    )
    assert error_text(error, ON) == (
        "\x1b[1;31merror:\x1b[0m no Docker Engine at unix:///x\n  start it, or name another one with --host"
    )
    assert error_text(ReconcilerError("bad\n\x1b[2Jthing"), OFF) == "error: bad �[2Jthing"
    assert error_text(SpecError("there is no spec here", "write one"), OFF) == (
        "error: there is no spec here\n  write one"
    )


def test_a_spec_shows_everything_that_is_wrong_with_it() -> None:
    assert error_text(spec_error([UNUSED, TYPO, MISSING]), OFF).split("\n") == [
        "env.list: error: there is no such file",
        "  make it",
        'shop.yaml:12:7: error: unknown attribute "enviroment" in container "web"',
        "   12 |       enviroment:",
        '      |       ^^^^^^^^^^ did you mean "environment"?',
        "shop.yaml:14:7: warning: volume is not used",
        "   14 |       日本: a ^ | b",
        "      |       ^^^^",
        "",
        "2 errors, 1 warning.",
    ]


def test_one_problem_needs_no_sum() -> None:
    assert error_text(spec_error([TYPO]), OFF) == TYPO.render()


def test_colours_change_nothing_else() -> None:
    error = spec_error([UNUSED, TYPO, MISSING])
    painted = error_text(error, ON)
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == error_text(error, OFF)
    assert painted.split("\n")[2:8] == [
        '\x1b[1mshop.yaml:12:7\x1b[0m: \x1b[1;31merror\x1b[0m: unknown attribute "enviroment" in container "web"',
        "\x1b[2m   12 |\x1b[0m       enviroment:",
        '\x1b[2m      |\x1b[0m       \x1b[1;31m^^^^^^^^^^ did you mean "environment"?\x1b[0m',
        "\x1b[1mshop.yaml:14:7\x1b[0m: \x1b[33mwarning\x1b[0m: volume is not used",
        "\x1b[2m   14 |\x1b[0m       日本: a ^ | b",
        "\x1b[2m      |\x1b[0m       \x1b[33m^^^^\x1b[0m",
    ]
    odd = spec_error([Diagnostic("a: error: b\x1b.yaml", 1, 1, 1, "x: error: y", excerpt="z")])
    assert re.sub(r"\x1b\[[0-9;]*m", "", error_text(odd, ON)) == error_text(odd, OFF)


def test_an_error_costs_few_imports() -> None:
    code = (
        "import sys, reconciler.report.error_text, reconciler.report.json_form;"
        "print({'reconciler.planning', 'pydantic', 'docker', 'yaml', 'click'} & sys.modules.keys())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
