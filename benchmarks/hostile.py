"""Files that somebody wrote to make a reader slow, or large: each must cost little, whatever is said of it."""

from __future__ import annotations

from collections.abc import Mapping

_BYTES = 1_000_000


def _filled(line: str, head: str = "", tail: str = "") -> str:
    """As many lines as a file of this size can have; `{}` in the line is its number."""
    lines = [head]
    size = len(head)
    number = 0
    while size < _BYTES - 100:
        lines.append(line.replace("{}", str(number)))
        size += len(lines[-1]) + 1
        number += 1
    return "\n".join([*lines, tail])


_WEB = "containers:\n  web:\n    image: a"

HOSTILE: Mapping[str, str] = {
    "alias bomb": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
    "merge bomb": "a0: &a0 {k: v}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)),
    "100,000 levels": "[" * 100_000,
    "100,000 levels of blocks": "".join(" " * min(n, 9) + "- " for n in range(100_000)),
    "itself": "a: &a [*a]\n",
    "a long key": f"? {'k' * 900_000}\n: x\n",
    "one key, again and again": _filled("a: 1"),
    "unknown attributes": _filled("    enviroment{}: x", _WEB),
    "unknown containers": _filled("    - db{}", f"{_WEB}\n    depends_on:"),
    "undeclared networks": _filled("      back{}: {}", f"{_WEB}\n    networks:"),
    "ports": _filled('    - "1-65535:1-65535"', f"{_WEB}\n    ports:"),
    "expose": _filled('    - "1-65535"', f"{_WEB}\n    expose:"),
    "wrong ports": _filled('    - "http:{}"', f"{_WEB}\n    ports:"),
    "volumes": _filled('    - "v{}:/v{}"', f"{_WEB}\n    volumes:"),
    "variables": _filled("      A{}: $A$B$C", f"{_WEB}\n    environment:"),
    "nested defaults": f"{_WEB}\n    command: {'${A:-' * 150_000}",
    "dollars": f"{_WEB}\n    command: {'$' * 900_000}",
    "braces": f"{_WEB}\n    command: {'${' * 400_000}",
    "containers": _filled("  c{}: {image: a}", "containers:"),
    "containers that need each other": _filled("  c{}: {image: a, depends_on: [c1, c{}]}", "containers:"),
    "containers in a circle": "containers:\n"
    + "".join(f"  c{n}: {{image: a, depends_on: [c{(n + 1) % 9000}]}}\n" for n in range(9000)),
    "extends in a row": "services:\n"
    + "".join(f"  c{n}: {{extends: c{n + 1}}}\n" for n in range(20_000))
    + "  c20000: {image: a}\n",
    "anchors": _filled("x{}: &x{} {}"),
    "a quote without an end": 'a: "' + "x\n" * 400_000,
    "spaces": "a:" + " " * 900_000 + "x",
    "tabs": "\t" * 900_000,
    "comments": _filled("# {}"),
    "documents": _filled("---"),
    "durations": f"{_WEB}\n    stop_grace_period: {'1h' * 400_000}",
    "sizes": f"{_WEB}\n    mem_limit: {'9' * 900_000}",
    "references": f"{_WEB}{'a-' * 400_000}",
}
"""By what is bad about it."""
