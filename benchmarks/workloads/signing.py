"""The signing of signed.py without a request: how much of it a core does by itself."""

import hashlib
import sys
import time

_ROUNDS = 800

count = 0
end_s = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end_s:
    count += 1
    hashlib.pbkdf2_hmac("sha256", b"%d" % count, b"secret", _ROUNDS)
print(count, time.process_time())
