"""Locust: users who think for a second between two requests."""

from locust import FastHttpUser, constant, task


class User(FastHttpUser):
    """Looks at one page."""

    wait_time = constant(1)

    @task
    def look(self) -> None:
        """Send a request."""
        self.client.get("/")
