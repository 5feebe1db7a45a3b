"""The sensitivity matrix: for each criterion of the gate a fault that breaks it, and nothing else.

A gate that never failed proves nothing, and one that fails for the wrong reason little more. Each
case is one real run against the embedded target with a fault; each load also runs without one.
"""
