"""When iterations begin: one module for each executor."""
