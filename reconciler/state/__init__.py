"""What is there: frozen values, read from what the Engine reports."""
