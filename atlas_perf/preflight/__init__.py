"""What the machine gives and a plan needs, compared before any load."""
