"""What a watch shows over HTTP: probes, metrics, its status and plans as JSON; and how it is asked to look."""
