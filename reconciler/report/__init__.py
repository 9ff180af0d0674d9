"""Plans, outcomes and status as text and JSON."""
