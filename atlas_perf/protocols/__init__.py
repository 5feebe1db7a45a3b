"""Requests, sessions, streams and tasks of virtual users, and what is measured of them."""
