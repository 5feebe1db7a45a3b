"""DDSketch: distributions in flat memory, compiled."""
