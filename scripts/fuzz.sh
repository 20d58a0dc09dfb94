#!/usr/bin/env bash
#
# Fuzzes every decoder, or those that are named, for 30 seconds each:
#
#   scripts/fuzz.sh [target ...]
#   SECONDS_EACH=600 scripts/fuzz.sh
#   MINIMIZE=1 scripts/fuzz.sh          # puts what was found into the committed corpora, smallest first
#
# It needs rustup with a nightly toolchain, which it installs, and a C++ compiler. It stops at the first finding; its
# last lines name the input that reproduces it. The committed corpora in `fuzz/corpus` are where it begins; what it
# finds on the way stays in `fuzz/target/corpus`.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SECONDS_EACH=${SECONDS_EACH:-30}
readonly MAX_LENGTH=4096
readonly COMMITTED_FILES=40

command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
# The pinned toolchain of the repository is a stable one.
export RUSTUP_TOOLCHAIN=nightly

if (($# > 0)); then
    targets=("$@")
else
    mapfile -t targets < <(cargo fuzz list)
fi

for target in "${targets[@]}"; do
    found=fuzz/target/corpus/$target
    mkdir -p "$found" "fuzz/corpus/$target"
    printf '\n==> %s, %d s\n' "$target" "$SECONDS_EACH"
    log=$(mktemp)
    if ! cargo fuzz run "$target" "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$SECONDS_EACH" -max_len="$MAX_LENGTH" -timeout=10 -rss_limit_mb=2048 \
        -dict="fuzz/dictionaries/$target.dict" -print_final_stats=1 >"$log" 2>&1; then
        tail -n 60 "$log"
        reproducer=$(grep -oE 'Test unit written to \S+' "$log" | awk '{ print $NF }' | tail -n 1 || true)
        printf '\nFAILED: %s: %s\n' "$target" "${reproducer:-it did not run}"
        exit 1
    fi
    grep -E '^#[0-9]+.*DONE' "$log" | tail -n 1
    grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$log"
    rm "$log"
    if [[ ${MINIMIZE:-} == 1 ]]; then
        cargo fuzz cmin "$target" "$found" >/dev/null 2>&1
        rm -rf "fuzz/corpus/$target"
        mkdir -p "fuzz/corpus/$target"
        # The small ones cover nearly all that the large ones do.
        find "$found" -type f -size -2k -printf '%s %p\n' | sort -n | awk -v most="$COMMITTED_FILES" '
            { path[NR] = $2 }
            END { step = NR > most ? NR / most : 1; for (i = 1; i <= NR; i += step) print path[int(i)] }
        ' | xargs -r cp -t "fuzz/corpus/$target"
    fi
done
printf '\n%d targets without a finding\n' "${#targets[@]}"
