"""Runs a plan: order, concurrency, gates, going back."""
