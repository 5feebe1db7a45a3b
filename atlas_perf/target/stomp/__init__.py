"""STOMP 1.2 over a WebSocket, the server's side: frames, topics and conversations."""
