"""Keeps a Docker Engine as a YAML spec declares it."""

from reconciler.version import __version__ as __version__
