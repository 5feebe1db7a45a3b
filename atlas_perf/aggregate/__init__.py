"""Batches of all workers become windows of a second and totals of a run."""
