"""What is wanted: YAML text in, frozen values out. Never talks to an engine."""
