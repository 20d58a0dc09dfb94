#!/usr/bin/env bash
#
# Measures this framework beside its peers and writes docs/benchmarks: builds what takes part, starts each peer on a core of
# its own, and has the load generator measure them in turn. About half an hour; `--quick` under five minutes, plus the builds.
#
#   scripts/bench.sh                          everything, into docs/benchmarks
#   scripts/bench.sh --quick                  nearly every case, fewer rounds, into bench/target/benchmarks
#   scripts/bench.sh --only push-50x16        one case; `--list` says what there is
#   scripts/bench.sh --peers socketioxide     ours and this peer
#   scripts/bench.sh --help                   the rest
#
# It needs a Rust toolchain, Node 20 with npm, and redis-server; what is missing of the last two it installs with apt (as root,
# or with sudo). A peer that is missing, or that answers wrongly, fails the run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../bench"

readonly NODE_MAJOR=20

die() {
    printf 'bench.sh: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

need() {
    command -v "$1" >/dev/null && return
    echo "==> $1 is missing: apt-get install $2"
    as_root apt-get update -qq && as_root apt-get install -y -qq "$2" >/dev/null || die "$1 is missing, and $2 could not be installed"
}

command -v cargo >/dev/null || die 'cargo is missing: install Rust from https://rustup.rs'

# Peers and their profile are in target/release of this folder.
unset CARGO_TARGET_DIR
cargo build --release --locked --quiet -p bench-load -p bench-runner

builds=$(target/release/bench-runner --print-builds "$@") || exit 1
case " $* " in *' --help '* | *' -h '* | *' --list '* | *' --report-only '*) builds='' ;; esac
if [[ -n $builds ]]; then
    need node nodejs
    need npm npm
    need redis-server redis-server
    (($(node -p 'process.versions.node.split(".")[0]') >= NODE_MAJOR)) || die "Node $NODE_MAJOR or later is needed, this is $(node --version)"
    while IFS= read -r command; do
        echo "==> $command"
        # Of npm only what goes wrong.
        $command >target/build.log 2>&1 || { cat target/build.log; die "$command"; }
    done <<<"$builds"
fi

exec target/release/bench-runner "$@"
