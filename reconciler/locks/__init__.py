"""Who may change a project: one watcher for a project and Engine, and one cycle at a time."""
