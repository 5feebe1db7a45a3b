"""Faults on command: how the reference target misbehaves, each kind by one readable line."""
