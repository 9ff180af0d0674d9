"""What a validator says of a value that can't be."""

from __future__ import annotations


class Invalid(ValueError):
    """A value that can't be.

    Attributes:
        hint: what to write instead.
        at: where in the value, as steps into lists and mappings.
        key: whether the key is wrong rather than its value.
    """

    def __init__(self, message: str, hint: str = "", at: tuple[str | int, ...] = (), *, key: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.at = at
        self.key = key
