"""The loop that keeps an Engine as declared, and what makes it look again."""
