"""What happened: each apply that changed something, and what failed, in SQLite in the state folder."""
