#!/usr/bin/env bash
#
# Lets a release server run for minutes with thousands of clients that wait and hundreds that work, and fails if its memory
# climbs, if a heartbeat is missed, or if a message is lost. The load is a process of its own.
#
#   SECONDS_TOTAL   how long, default 300; the first minute is not looked at
#   IDLE            clients that answer heartbeats only, default 5000
#   BUSY            clients that emit with acknowledgements, join and leave rooms, cast and reconnect, default 500
#   MAX_SLOPE       bytes a second by which the live bytes may climb, default 1024
#   PING_INTERVAL, PING_TIMEOUT   milliseconds of the heartbeat, default 25000 and 20000, as in Socket.IO
#   CARGO_TARGET_DIR   where cargo builds; default `target`

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export SECONDS_TOTAL=${SECONDS_TOTAL:-300} IDLE=${IDLE:-5000} BUSY=${BUSY:-500} MAX_SLOPE=${MAX_SLOPE:-1024}
export PING_INTERVAL=${PING_INTERVAL:-25000} PING_TIMEOUT=${PING_TIMEOUT:-20000}

die() {
    printf 'soak.sh: %s\n' "$*" >&2
    exit 1
}

# Each process has its own limit, and needs one descriptor for each connection and some for itself.
needed=$((IDLE + BUSY + 200))
if [[ $(ulimit -n) != unlimited ]] && (($(ulimit -n) < needed)); then
    ulimit -n "$needed" 2>/dev/null ||
        die "$((IDLE + BUSY)) connections need $needed file descriptors, the limit here is $(ulimit -Hn): raise it (ulimit -Hn, /etc/security/limits.conf), or set IDLE and BUSY lower"
fi

cargo build --release --locked -p gateway-tests --bin hostile-app --bin soak-load
bin=${CARGO_TARGET_DIR:-target}/release

log=$(mktemp)
PORT=0 RUST_LOG=error "$bin/hostile-app" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT

port=
for _ in {1..100}; do
    port=$(sed -n 's/^listening on //p' "$log")
    [[ -n $port ]] && break
    kill -0 "$server" 2>/dev/null || die "the server ended: $(cat "$log")"
    sleep 0.1
done
[[ -n $port ]] || die "the server does not listen: $(cat "$log")"

echo "server $server on port $port, for $SECONDS_TOTAL s"
status=0
PORT=$port SERVER_PID=$server "$bin/soak-load" || status=$?
kill -0 "$server" 2>/dev/null || die "the server died: $(cat "$log")"
grep -v '^listening on ' "$log" || true
exit "$status"
