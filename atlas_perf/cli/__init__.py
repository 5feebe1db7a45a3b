"""The command line: flags to a plan and a call, and the single exit point."""
