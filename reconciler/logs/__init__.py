"""What containers write, in one stream: merged by time, followed through restarts and replacements."""
