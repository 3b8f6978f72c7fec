"""vumeter: GETs that are signed one by one, as many an API asks for: 0.2 ms of CPU each."""

import hashlib

from vumeter.script import Vu, scenario

TARGET = "$target"
_ROUNDS = 800


@scenario()
async def signed(vu: Vu) -> None:
    """Look at a quote, and prove who asks."""
    number = 1 + int(vu.random.random() * 500)
    proof = hashlib.pbkdf2_hmac("sha256", b"%d" % number, b"secret", _ROUNDS)
    page = await vu.get(f"/quotes/{number}?signature={proof.hex()}", name="signed")
    vu.check("status is 200", page.status == 200)
