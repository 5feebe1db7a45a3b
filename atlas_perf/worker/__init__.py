"""A worker process: virtual users, what they record, and what it says of itself."""
