"""The reference orchestrator: both of its contracts as a server, to load and test against."""
