#!/usr/bin/env bash
#
# What an idle connection costs, for the table in docs/deploying.md: opens CLIENTS connections (2,000) to a release build of
# `deploy-app`, over TCP and over TLS, waits a while, and divides the growth of the server's resident memory. The kernel's
# pages are those in buffers of all TCP sockets of the machine (/proc/net/sockstat): they say something on a quiet one only.
#
#   CLIENTS    how many connections; default 2000
#   SETTLE     seconds until memory is read; default 28, so that each connection has seen a heartbeat

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly CLIENTS=${CLIENTS:-2000} SETTLE=${SETTLE:-28}
binary=${CARGO_TARGET_DIR:-target}/release/deploy-app
folder=$(mktemp -d)
server='' clients=''

clean() {
    [[ -z $clients ]] || kill "$clients" 2>/dev/null || true
    [[ -z $server ]] || kill -INT "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean EXIT

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

kernel_pages() { awk '/^TCP:/ { print $NF }' /proc/net/sockstat; }

# measure <title> <scheme> <flags of idle.mjs> [variable=value ...]
measure() {
    local title=$1 scheme=$2 flags=$3 port before after pages
    shift 3
    env "$@" PORT=0 RUST_LOG=warn "$binary" >"$folder/out" &
    server=$!
    until port=$(sed -n 's/^listening on //p' "$folder/out") && [[ -n $port ]]; do sleep 0.1; done
    sleep 1
    before=$(resident "$server") pages=$(kernel_pages)
    mkfifo "$folder/stdin"
    # shellcheck disable=SC2086  # flags are words
    node tests/js/deploy/idle.mjs --url "$scheme://127.0.0.1:$port" --clients "$CLIENTS" $flags \
        <"$folder/stdin" >"$folder/clients" &
    clients=$!
    exec 9>"$folder/stdin"
    until grep -q connected "$folder/clients"; do kill -0 "$clients"; sleep 0.2; done
    sleep "$SETTLE"
    after=$(resident "$server") pages=$(($(kernel_pages) - pages))
    printf '%-24s %6d kB before, %7d kB with %d connections: %5.1f KiB each; buffers in the kernel: %d pages\n' \
        "$title" "$before" "$after" "$CLIENTS" "$(((after - before) * 10 / CLIENTS))e-1" "$pages"
    exec 9>&-
    wait "$clients" || true
    kill -INT "$server"
    wait "$server" || true
    clients='' server=''
    rm "$folder/stdin"
}

# A certificate as most servers have one: ECDSA with P-256.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null

cargo build --release --locked -q -p gateway-tests --bin deploy-app
measure 'Socket.IO, ws://' ws '' ADAPTER=io
measure 'Socket.IO, wss://' wss '' ADAPTER=io TLS_CERT="$folder/tls.crt" TLS_KEY="$folder/tls.key"
measure 'plain, ws://' ws --plain ADAPTER=ws
measure 'plain, wss://' wss --plain ADAPTER=ws TLS_CERT="$folder/tls.crt" TLS_KEY="$folder/tls.key"
