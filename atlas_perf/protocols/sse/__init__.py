"""Server-sent events over the HTTP client: `vu.http.stream`."""
