"""Live collaboration over WebSockets: sessions, the rooms they share, and what they say."""
