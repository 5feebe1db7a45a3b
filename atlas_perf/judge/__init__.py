"""From measured totals to criteria met or not, to one word, to the `Summary`."""
