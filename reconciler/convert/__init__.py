"""What people have already → a spec: a `docker run` line, a container that is there. Pure: values in, plain data out."""
