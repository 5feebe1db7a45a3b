"""The reference orchestrator: the `documented` contract as a server, to load and test against."""
