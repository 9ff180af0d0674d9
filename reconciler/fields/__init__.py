"""The field table: one row a field, from which payload, observation and diff are derived."""
