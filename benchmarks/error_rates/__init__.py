"""How often the comparison of runs is wrong: where the truth is known, since it was simulated, and
with real runs against the embedded target, whose latency was made so much longer."""
