"""
Customers of the demo shop, in Python: most look around, some own shares and trade.

    vumeter demo                        # the shop, which says where it is
    vumeter run configs/shop.py http://127.0.0.1:8000 -c 20 -z 1m

What a script can do: docs/scripts.md.
"""

import os

from vumeter.script import Vu, scenario

TARGET = os.environ.get("VUMETER_TARGET", "http://127.0.0.1:8000")
SYMBOLS = ("TEC01", "TEC07", "ENE03", "ENE11")


@scenario(weight=4, think=(0.05, 0.15))
async def browse(vu: Vu) -> None:
    """Look at a segment of the market, and at one share."""
    await vu.get("/market", params={"segment": vu.random.choice(["energy", "technology"])})
    await vu.think(0.05, 0.15)
    symbol = vu.random.choice(SYMBOLS)
    page = await vu.get(f"/quotes/{symbol}", name="GET /quotes/{symbol}")
    vu.check("the share that was asked for", page.ok and page.json()["symbol"] == symbol)


@scenario(weight=1, think=(0.1, 0.3))
async def trade(vu: Vu) -> None:
    """Look at what one owns, and buy one share more in a tenth of all cases."""
    headers = vu.vars["headers"]
    portfolio = await vu.get("/portfolio", headers=headers)
    vu.check("logged in", portfolio.status == 200)
    if vu.random.random() < 0.1:
        order = {"symbol": vu.random.choice(SYMBOLS), "side": "buy", "quantity": 1}
        await vu.post("/orders", json=order, headers=headers)


@trade.on_start
async def login(vu: Vu) -> None:
    """Log in once, and keep the token; if that fails, it is tried again."""
    account = {"user": "guest", "password": "guest"}
    page = await vu.post("/login", json=account, raises=True)
    vu.vars["headers"] = {"Authorization": f"Bearer {page.json()['token']}"}
