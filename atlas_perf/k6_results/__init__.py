"""What k6 wrote of its runs, read so that baselines and comparisons can judge them."""
