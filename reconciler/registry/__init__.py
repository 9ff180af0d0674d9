"""Registries, asked directly: the tags of a repository. What an Engine can be asked for, it is asked for."""
