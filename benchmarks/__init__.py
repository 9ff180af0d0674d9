"""Benchmarks: ratios within one run, since machines are noisy. `scripts/bench NAME` runs one."""
