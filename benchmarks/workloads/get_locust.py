"""Locust: a bare GET, as fast as the users go."""

from locust import FastHttpUser, constant, task


class User(FastHttpUser):
    """Looks at one page."""

    wait_time = constant(0)

    @task
    def look(self) -> None:
        """Send a request."""
        self.client.get("/")
