"""The `deployed` contract: what the orchestrator's own controllers serve today."""
