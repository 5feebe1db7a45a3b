"""A bare GET, again and again, with Locust's fast client."""

from __future__ import annotations

from locust import FastHttpUser, task


class Getter(FastHttpUser):
    @task
    def get(self) -> None:
        self.client.get("/")
