#!/usr/bin/env bash
#
# Draws where the server's time goes: flame graphs of `push` → `pop`, of broadcasts and of polling, from samples of the gateway
# of bench/ under the load generator, each on a core of its own. Writes docs/benchmarks/flame-*.svg, and beside the binaries the
# stacks that they are drawn from (bench/target/flame/*.folded).
#
#   scripts/bench-flame.sh [NAME ...]      all, or push-pop, broadcast, broadcast-16, polling
#
#   SECONDS_EACH  seconds that are sampled, default 10
#   FREQUENCY     samples a second, default 499
#
# It needs perf and the right to read the kernel's stacks (root, or kernel.perf_event_paranoid at 1 or below). The crate `inferno`
# draws; it is built into bench/target/tools if it is not there.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../bench"
readonly OUTPUT=../docs/benchmarks FOLDER=target/flame TOOLS=target/tools PORT=39517
seconds=${SECONDS_EACH:-10} frequency=${FREQUENCY:-499}
unset CARGO_TARGET_DIR

die() {
    printf 'bench-flame.sh: %s\n' "$*" >&2
    exit 1
}

workload() {
    case $1 in
    push-pop) echo '{"kind":"closed","event":"push","connections":50,"in_flight":16,"body":100}' ;;
    broadcast) echo '{"kind":"broadcast","receivers":500,"in_flight":1,"body":100}' ;;
    broadcast-16) echo '{"kind":"broadcast","receivers":500,"in_flight":16,"body":100}' ;;
    polling) echo '{"kind":"polling","sessions":50,"body":100}' ;;
    *) die "there is no graph $1: push-pop, broadcast, broadcast-16, polling" ;;
    esac
}

title() {
    case $1 in
    push-pop) echo 'push → pop, 50 connections, 16 in flight' ;;
    broadcast) echo 'broadcast to 500, one at a time' ;;
    broadcast-16) echo 'broadcast to 500, sixteen at a time' ;;
    polling) echo 'push → pop over polling, 50 sessions' ;;
    esac
}

# As `0-3` or `0,2`.
cores() {
    taskset -cp $$ | sed 's/.*: //'
}

draw() {
    local name=$1 spec
    taskset -c "$first" env PORT=$PORT WORKERS=1 "$FOLDER/release/peer-gateway" >"$FOLDER/server.log" &
    server=$!
    for _ in $(seq 100); do grep -q READY "$FOLDER/server.log" && break; sleep 0.1; done
    spec=$(printf '{"port":%d,"pids":[%d],"protocol":"socketio","path":"/socket.io/","warm_up":1,"measure":%d,"workload":%s}' \
        $PORT "$server" "$((seconds + 2))" "$(workload "$name")")
    taskset -c "$last" target/release/bench-load "$spec" >"$FOLDER/$name.json" &
    local load=$!
    sleep 2
    perf record --quiet --event cpu-clock --freq "$frequency" --call-graph fp --pid "$server" \
        --output "$FOLDER/perf.data" -- sleep "$seconds" 2>"$FOLDER/perf.log" || die "$(cat "$FOLDER/perf.log")"
    wait "$load" || die "the load failed"
    kill "$server"
    server=
    perf script --input "$FOLDER/perf.data" 2>/dev/null | "$TOOLS/bin/inferno-collapse-perf" --quiet >"$FOLDER/$name.folded"
    "$TOOLS/bin/inferno-flamegraph" --title "$(title "$name")" --minwidth 0.4 --hash --quiet \
        <"$FOLDER/$name.folded" >"$OUTPUT/flame-$name.svg"
    # Stacks are weighed by time.
    awk -v name="$name" '{ sum += $NF } END { printf "%s: %.1f s of CPU time\n", name, sum / 1e9 }' "$FOLDER/$name.folded"
}

command -v perf >/dev/null || die 'perf is missing (Debian: linux-perf)'
[[ -x $TOOLS/bin/inferno-flamegraph ]] || cargo install --quiet --locked inferno --root "$TOOLS"
cargo build --release --locked --quiet -p bench-load
# Frame pointers and names; the rest as it is measured.
CARGO_TARGET_DIR=$FOLDER CARGO_PROFILE_RELEASE_DEBUG=line-tables-only RUSTFLAGS='-C force-frame-pointers=yes' \
    cargo build --release --locked --quiet -p peer-gateway
server=
trap '[[ -z $server ]] || kill $server' EXIT
# The first core is the server's, the last the generator's.
first=$(cores | sed 's/[-,].*//') last=$(cores | sed 's/.*[-,]//')
if (($# == 0)); then set -- push-pop broadcast broadcast-16 polling; fi
for name in "$@"; do draw "$name"; done
