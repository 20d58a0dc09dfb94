#!/usr/bin/env bash
#
# What a user's build costs: the example `chat` (`build/gateway`) and the same app written by hand on socketioxide
# (`build/socketioxide`), each a package of its own with cargo's own profiles. Prints a Markdown page, and writes it to a file if
# one is named:
#
#   bench/build.sh [file]
#
#   ROUNDS   clean builds of each, in turn; default 3. Incremental builds are three times as many
#
# CPU seconds are user and system of cargo and all that it started, which other work on the machine disturbs least. Wall
# seconds are of an otherwise idle machine only when this one is idle.
#
# The app of ours has the features off that it makes no use of; one row is with them.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly ROUNDS=${ROUNDS:-3}
readonly APPS=(gateway socketioxide)
# The file that a change of the app touches, and a text in it that is another after each change.
declare -rA SOURCE=([gateway]=src/chats_gateway.rs [socketioxide]=src/chats.rs)
readonly TEXT='Message received'

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What is built and changed is a copy, as deep in the tree as the original, since paths in it are relative.
copy() { echo "target/build-$1"; }

# measured <name of a list> <command ...>: adds a line `<CPU seconds> <wall seconds>` to the list.
measured() {
    local list=$folder/$1 wall user system
    shift
    local TIMEFORMAT='%R %U %S'
    { time "$@" >"$folder/output" 2>&1; } 2>"$folder/time" || { cat "$folder/output" >&2; exit 1; }
    read -r wall user system <"$folder/time"
    awk -v u="$user" -v s="$system" -v w="$wall" 'BEGIN { printf "%.2f %.2f\n", u + s, w }' >>"$list"
}

build() {
    local app=$1
    shift
    cargo build --manifest-path "$(copy "$app")/Cargo.toml" --locked "$@"
}

# change <app> <number>: as a user does who changes the text of an answer.
change() {
    sed "s/$TEXT/& $2/" "build/$1/${SOURCE[$1]}" >"$(copy "$1")/${SOURCE[$1]}"
}

# clean_build <app> <name of the list> [flags]
clean_build() {
    local app=$1 list=$2
    shift 2
    rm -rf "$(copy "$app")/target"
    measured "$list" build "$app" --release "$@"
}

# incremental <app> <name of the profile> [flags]
incremental() {
    local app=$1 profile=$2 number
    shift 2
    build "$app" -q "$@"
    for number in 1 2 3; do
        change "$app" "$round.$number"
        measured "$profile-$app" build "$app" "$@"
    done
}

# column <list> <number of the column>: its median, least and most.
column() {
    sort -n -k "$2,$2" "$folder/$1" | awk -v column="$2" '
        { value[NR] = $column }
        END {
            median = NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2
            printf "%.2f %.2f %.2f\n", median, value[1], value[NR]
        }'
}

# row <title> <list> <column> [list of ours, if it is not of the same name]
row() {
    local ours theirs
    ours=$(column "${4:-$2-gateway}" "$3")
    theirs=$(column "$2-socketioxide" "$3")
    awk -v title="$1" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
        split(ours, o, " "); split(theirs, t, " ")
        printf "| %s | %s (%s–%s) | %s (%s–%s) | %.2f |\n", title, o[1], o[2], o[3], t[1], t[2], t[3], o[1] / t[1]
    }'
}

dependencies() {
    cargo tree --manifest-path "build/$1/Cargo.toml" --locked -e normal,build --prefix none --no-dedupe -f '{p}' |
        sed 's/ (.*//' | sort -u | grep -vc '^build-'
}

# size <app> <stripped?>: of the release binary, in KiB.
size() {
    local binary
    binary=$(copy "$1")/target/release/build-$1
    if [[ $2 == stripped ]]; then
        strip -o "$folder/stripped" "$binary"
        binary=$folder/stripped
    fi
    stat -c %s "$binary" | awk '{ printf "%d", $1 / 1024 }'
}

counted() {
    awk -v title="$1" -v ours="$2" -v theirs="$3" \
        'BEGIN { printf "| %s | %s | %s | %.2f |\n", title, ours, theirs, ours / theirs }'
}

page() {
    cat <<END
# Building: the example \`chat\` and the same app on socketioxide

Written by \`bench/build.sh\`: $ROUNDS clean builds of each in turn, medians (least–most). cargo's own profiles, $(rustc --version | cut -d' ' -f1,2),
$(nproc) cores. CPU seconds are user and system of cargo and all that it started. An incremental build follows a change of a text
in the file of the gateway. The app of ours has the default features \`validator\` and \`deflate\` off, of which it makes no use.

| | this framework | by hand on socketioxide | ratio |
|---|---|---|---|
$(row 'clean release build, CPU seconds' clean 1)
$(row 'clean release build, wall seconds' clean 2)
$(row 'clean release build with default features, CPU seconds' clean 1 clean-default-features)
$(row 'incremental release build, CPU seconds' release 1)
$(row 'incremental release build, wall seconds' release 2)
$(row 'incremental dev build, CPU seconds' dev 1)
$(row 'incremental dev build, wall seconds' dev 2)
$(counted 'packages to compile' "$(dependencies gateway)" "$(dependencies socketioxide)")
$(counted 'release binary, KiB' "$(size gateway whole)" "$(size socketioxide whole)")
$(counted 'release binary, stripped, KiB' "$(size gateway stripped)" "$(size socketioxide stripped)")
END
}

for app in "${APPS[@]}"; do
    rm -rf "$(copy "$app")"
    mkdir -p "$(copy "$app")"
    cp -r "build/$app/Cargo.toml" "build/$app/Cargo.lock" "build/$app/src" "$(copy "$app")/"
    cargo fetch --locked --quiet --manifest-path "$(copy "$app")/Cargo.toml"
done
for ((round = 1; round <= ROUNDS; round++)); do
    clean_build gateway clean-default-features --features default-features
    for app in "${APPS[@]}"; do clean_build "$app" "clean-$app"; done
    for app in "${APPS[@]}"; do incremental "$app" release --release; done
    for app in "${APPS[@]}"; do incremental "$app" dev; done
    printf 'round %d of %d\n' "$round" "$ROUNDS" >&2
done
if (($# > 0)); then page | tee "$1"; else page; fi
