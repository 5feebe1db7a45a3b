"""WebSockets over picows: the client of one virtual user, `vu.ws`."""
