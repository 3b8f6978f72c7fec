"""k9-load: the steps of shop.toml in Python. The thresholds are there as in shop_k9.yaml."""

import random

import k9

TARGET = "$target"

options = {
    "thresholds": {
        "http_req_duration{name:quote}": ["p(95)<60000"],
        "http_req_duration{name:market}": ["p(95)<60000"],
        "http_req_duration{name:order}": ["p(95)<60000"],
    }
}


async def default() -> None:
    """Look at a quote, look at the market, or place an order."""
    draw = random.random()
    if draw < 0.6:
        url = f"{TARGET}quotes/{1 + int(random.random() * 500)}"
        page = await k9.http.get(url, name="quote")
        passed = {"status is 200": page.status == 200, "has a bid": b'"bid"' in page.body}
    elif draw < 0.9:
        url = f"{TARGET}market?page={1 + int(random.random() * 20)}"
        page = await k9.http.get(url, name="market")
        passed = {"status is 200": page.status == 200, "has symbols": b'"symbols"' in page.body}
    else:
        order = f'{{"user":{k9.vu.id},"quantity":{1 + int(random.random() * 9)}}}'
        page = await k9.http.post(
            f"{TARGET}orders",
            data=order,
            headers={"Content-Type": "application/json"},
            name="order",
        )
        passed = {"status is 200": page.status == 200, "is accepted": b'"accepted"' in page.body}
    k9.check(page, passed)
