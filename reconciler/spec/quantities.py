"""Numbers and their units, read and written: "1m30s", "512m", "0.5". Docker's and Compose's grammar, exactly."""

from __future__ import annotations

import re
from decimal import Decimal

from reconciler.spec.invalid import Invalid

_MOST = (1 << 63) - 1  # the Engine's numbers have 64 bits
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)(i?b)?", re.IGNORECASE)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_CPU = 10**9
_UNITS = " kmgtp"
"""Powers of 1024."""
_SIZES = 'write bytes, or a number with k, m, g or t: "512m", "1.5g"'


def integer(text: str) -> int:
    """A whole number in decimal digits."""
    if not _INTEGER.fullmatch(text):
        raise Invalid(f'"{text}" is not a whole number', "write it in digits, without a unit: 10")
    return _bounded(Decimal(text), text, "a number")


def duration(text: str) -> int:
    """`1h30m`, `1.5s`, `500ms` → nanoseconds; Go's grammar, without signs.

    Source: https://pkg.go.dev/time#ParseDuration
    """
    if text == "0":
        return 0
    parts = _DURATION.findall(text)
    if not parts or "".join(parts) != text:
        raise Invalid(f'"{text}" is not a duration', _duration_hint(text))
    total = Decimal(0)
    for part in parts:
        number = part.rstrip("nuµμmsh")
        total += Decimal(number) * _NANOSECONDS[part[len(number) :]]
    return _bounded(total.to_integral_value(), text, "a duration")


def _duration_hint(text: str) -> str:
    if _DECIMAL.fullmatch(text):
        return f'write "{text}s" for seconds; the units are ns, us, ms, s, m and h'
    days = re.fullmatch(r"([0-9]{1,6})d", text)
    if days:
        return f'write "{int(days[1]) * 24}h": the largest unit is the hour'
    if text.startswith("-"):
        return 'a duration can\'t be negative: write "30s", "1m30s" or "500ms"'
    return 'write "30s", "1m30s" or "500ms"; the units are ns, us, ms, s, m and h'


def size(text: str) -> int:
    """`512m`, `1.5gb`, `64k`, `1024` → bytes; units are powers of 1024.

    Source: https://github.com/docker/go-units (RAMInBytes)
    """
    match = _SIZE.fullmatch(text)
    if not match:
        negative = text.startswith("-") and _SIZE.fullmatch(text[1:])
        raise Invalid(f'"{text}" is not a size', f"a size can't be negative: {_SIZES}" if negative else _SIZES)
    return _bounded(Decimal(match[1]) * 1024 ** _UNITS.index(match[2].lower() or " "), text, "a size")


def size_or_unlimited(text: str) -> int:
    """A size, or -1 for no limit."""
    return -1 if text == "-1" else size(text)


def cpus(text: str) -> int:
    """`0.5`, `2` → billionths of a CPU."""
    if not _DECIMAL.fullmatch(text):
        millis = re.fullmatch(r"([0-9]{1,9})m", text)
        hint = f'write "{Decimal(millis[1]) / 1000}": there are no milli-CPUs here' if millis else 'write "0.5" or "2"'
        raise Invalid(f'"{text}" is not a number of CPUs', hint)
    return _bounded(Decimal(text) * _CPU, text, "a number of CPUs")


def microseconds(text: str) -> int:
    """A number of microseconds, or a duration."""
    return integer(text) if _INTEGER.fullmatch(text) else duration(text) // 1000


def duration_text(nanoseconds: int) -> str:
    """Nanoseconds → `1h30m`, `1.5s`, `500ms`: the shortest text that `duration` reads exactly so."""
    hours, rest = divmod(nanoseconds, _NANOSECONDS["h"])
    minutes, rest = divmod(rest, _NANOSECONDS["m"])
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    if rest or not text:
        unit = next((unit for unit in ("s", "ms", "us") if rest >= _NANOSECONDS[unit]), "ns" if rest else "s")
        text += f"{_decimal(rest, _NANOSECONDS[unit])}{unit}"
    return text


def size_text(value: int) -> int | str:
    """Bytes → `512m`, in the largest unit that is exact; the number itself where none is, and -1 for no limit."""
    power = 0
    while value > 0 and value % 1024 == 0 and power < len(_UNITS) - 1:
        value, power = value // 1024, power + 1
    return f"{value}{_UNITS[power]}" if power else value


def cpus_text(billionths: int) -> str:
    """Billionths of a CPU → `0.5`, `2`."""
    return _decimal(billionths, _CPU)


def _decimal(value: int, one: int) -> str:
    """The number of ones, one a power of ten, with all of its digits."""
    whole, rest = divmod(value, one)
    digits = str(one + rest)[1:].rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _bounded(value: Decimal, text: str, what: str) -> int:
    if abs(value) > _MOST:
        raise Invalid(f'"{text}" is too large for {what}', "the Engine counts with 64 bits: write a smaller one")
    return int(value)
