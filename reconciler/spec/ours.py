"""Paths of this machine: a spec gives them relative to its folder, or to the home folder."""

from __future__ import annotations


class OurPath(str):
    """An absolute path that was relative: of this machine, wherever the Engine is. A `str` in all other ways."""

    __slots__ = ()
