"""Locust: the steps of shop.toml. Its figures are by name as they are."""

import random

from locust import FastHttpUser, constant, task


class User(FastHttpUser):
    """Looks at quotes and the market, and places orders."""

    wait_time = constant(0)

    @task(6)
    def quote(self) -> None:
        """Look at a quote."""
        path = f"/quotes/{1 + int(random.random() * 500)}"
        with self.client.get(path, name="quote", catch_response=True) as page:
            if page.status_code != 200 or b'"bid"' not in page.content:
                page.failure("no bid")

    @task(3)
    def market(self) -> None:
        """Look at the market."""
        path = f"/market?page={1 + int(random.random() * 20)}"
        with self.client.get(path, name="market", catch_response=True) as page:
            if page.status_code != 200 or b'"symbols"' not in page.content:
                page.failure("no symbols")

    @task(1)
    def order(self) -> None:
        """Place an order."""
        order = f'{{"user":1,"quantity":{1 + int(random.random() * 9)}}}'
        with self.client.post(
            "/orders",
            data=order,
            headers={"Content-Type": "application/json"},
            name="order",
            catch_response=True,
        ) as page:
            if page.status_code != 200 or b'"accepted"' not in page.content:
                page.failure("not accepted")
