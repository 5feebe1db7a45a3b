"""Pages that open offline, made from summaries and kept distributions."""
