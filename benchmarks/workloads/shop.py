"""vumeter: the steps of shop.toml in Python."""

from vumeter.script import Vu, scenario

TARGET = "$target"


@scenario()
async def shop(vu: Vu) -> None:
    """Look at a quote, look at the market, or place an order."""
    draw = vu.random.random()
    if draw < 0.6:
        page = await vu.get(f"/quotes/{1 + int(vu.random.random() * 500)}", name="quote")
        vu.check("status is 200", page.status == 200)
        vu.check("has a bid", '"bid"' in page.text)
    elif draw < 0.9:
        page = await vu.get(f"/market?page={1 + int(vu.random.random() * 20)}", name="market")
        vu.check("status is 200", page.status == 200)
        vu.check("has symbols", '"symbols"' in page.text)
    else:
        order = f'{{"user":{vu.id},"quantity":{1 + int(vu.random.random() * 9)}}}'
        page = await vu.post(
            "/orders", data=order, headers={"Content-Type": "application/json"}, name="order"
        )
        vu.check("status is 200", page.status == 200)
        vu.check("is accepted", '"accepted"' in page.text)
