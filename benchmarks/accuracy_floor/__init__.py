"""What the generator adds to a latency: beside a raw blocking socket, at the same quiet rate."""
