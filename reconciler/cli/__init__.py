"""The command: parses, wires, prints; decides nothing. One file a command."""
