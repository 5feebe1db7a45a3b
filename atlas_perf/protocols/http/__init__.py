"""HTTP/1.1 over TCP, TLS and Unix sockets: the client of one virtual user, `vu.http`."""
