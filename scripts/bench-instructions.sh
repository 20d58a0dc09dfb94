#!/usr/bin/env bash
#
# Counts instructions of single steps and of whole messages (bench/instructions, callgrind), here and at the commit where this
# branch began, and fails if a case takes more than 3 % more than it did. Counts hardly depend on what else the machine does.
#
#   scripts/bench-instructions.sh [BASE]
#
#   BASE          what to compare with; default: where HEAD left origin/main, or the commit before HEAD if that is HEAD itself;
#                 in a clone without history the counts alone are printed
#   MAX_WORSE     per cent that a case may be worse, default 3
#   CASES         only cases whose names match this regular expression
#   CARGO_TARGET_DIR   where cargo builds; default target/bench-instructions
#
# A case that is worse on purpose is accepted by a line in the message of a commit since BASE:
#
#   Accept-Instructions: packet-read-event (names are checked for being UTF-8)

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/bench-instructions}
max_worse=${MAX_WORSE:-3}

die() {
    printf 'bench-instructions.sh: %s\n' "$*" >&2
    exit 1
}

# Nothing if there is no commit before HEAD.
find_base() {
    local base
    base=$(git merge-base HEAD origin/main 2>/dev/null) || base=$(git rev-parse HEAD)
    if [[ $base == "$(git rev-parse HEAD)" ]]; then base=HEAD~1; fi
    git rev-parse --verify --quiet "$base^{commit}" || true
}

install_valgrind() {
    command -v valgrind >/dev/null && return
    local sudo=
    if [[ $(id -u) != 0 ]]; then sudo=sudo; fi
    $sudo apt-get update -qq && $sudo apt-get install -y -qq valgrind >/dev/null || die "valgrind is needed, and could not be installed"
}

# build SOURCE BINARY: builds the benchmark of a source tree.
build() {
    (cd "$1/bench/instructions" && cargo build --release --locked --quiet)
    cp "$CARGO_TARGET_DIR/release/bench-instructions" "$2"
}

# count BINARY TABLE: writes each case and the instructions that its work takes once.
count() {
    local name times log="$work/callgrind"
    while read -r name times; do
        [[ $name =~ ${CASES:-} ]] || continue
        valgrind --tool=callgrind --callgrind-out-file="$log" --toggle-collect='*bench_instructions::measured*' \
            "$1" "$name" >/dev/null 2>"$log.err" || die "the case $name failed: $(tail -n 5 "$log.err")"
        printf '%s %s\n' "$name" "$(awk -v times="$times" '/^totals:/ { print int($2 / times) }' "$log")"
    done < <("$1") >"$2"
    awk '$2 == 0 { exit 1 }' "$2" || die "a case counted nothing: is there still a function called measured?"
}

# Names that a commit since BASE accepts.
accepted() {
    [[ -n $base ]] || return 0
    git log --format=%B "$base..HEAD" | sed -n 's/^Accept-Instructions:[[:space:]]*\([^[:space:]]*\).*/\1/p'
}

compare() {
    accepted >"$work/accepted"
    awk -v max="$max_worse" '
        FILENAME == ARGV[1] { accepted[$1] = 1; next }
        FILENAME == ARGV[2] { before[$1] = $2; next }
        FNR == 1 { print "| case | before | now | change |"; print "|---|---:|---:|---:|" }
        !($1 in before) { printf "| %s | – | %d | new |\n", $1, $2; next }
        {
            change = ($2 / before[$1] - 1) * 100
            worse = change > max
            note = !worse ? "" : ($1 in accepted) ? ", accepted" : " **worse**"
            printf "| %s | %d | %d | %+.1f %%%s |\n", $1, before[$1], $2, change, note
            if (worse && !($1 in accepted)) failed = failed " " $1
        }
        END {
            if (failed == "") exit 0
            printf "\nMore than %s %% worse:%s\n", max, failed
            print "Make it faster, or accept it by a line in the message of a commit, with the reason:"
            count = split(failed, names, " ")
            for (i = 1; i <= count; i++) printf "\n    Accept-Instructions: %s (why it is worth it)", names[i]
            print ""
            exit 1
        }' "$work/accepted" "$work/before" "$work/now"
}

if (($# > 0)); then
    base=$(git rev-parse --verify --quiet "$1^{commit}") || die "$1 is no commit of this repository"
else
    base=$(find_base)
fi
work=$(mktemp -d)
cleanup() {
    git worktree remove --force "$work/base" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

install_valgrind
: >"$work/before"
if [[ -z $base ]]; then
    printf 'There is no commit before HEAD to compare with.\n\n'
elif git cat-file -e "$base:bench/instructions/Cargo.toml" 2>/dev/null; then
    git worktree add --quiet --detach "$work/base" "$base"
    build "$work/base" "$work/bench-before"
    count "$work/bench-before" "$work/before"
    printf 'Instructions at %s and here:\n\n' "$(git log -1 --format='%h (%s)' "$base")"
else
    printf 'There is no bench/instructions at %s: nothing to compare with, all cases are new.\n\n' "$(git rev-parse --short "$base")"
fi
build . "$work/bench-now"
count "$work/bench-now" "$work/now"
compare
