"""STOMP 1.2 over a WebSocket, the client's side, with or without the framing of SockJS."""
