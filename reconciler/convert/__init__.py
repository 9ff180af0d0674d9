"""What people have already → a spec: Compose files, `docker run` lines, containers that are there. Engine-free."""
