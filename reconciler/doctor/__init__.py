"""Looks at what reconciler needs, and says what is not as it should be."""
