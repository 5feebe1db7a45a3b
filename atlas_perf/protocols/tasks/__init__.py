"""What is accepted now and completed later, watched until its end: `vu.task`."""
