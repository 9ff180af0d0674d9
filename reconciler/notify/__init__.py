"""Tells people of what a watch mended, could not mend, took back, and what is well again."""
