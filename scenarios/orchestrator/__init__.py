"""How to speak to the orchestrator: shared by the scenarios beside this folder."""
