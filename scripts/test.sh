#!/usr/bin/env bash
#
# Every test of this repository, from a fresh clone: installs what is missing, then checks format, lints, builds, tests
# and documentation. It needs a Rust toolchain, Node and git; what else it needs it installs with apt (as root, or with
# sudo). It stops at the first step that fails; its last line is `N passed, 0 failed` when all is well.
#
#   --instructions     compares counts of instructions with the commit before as well (scripts/bench-instructions.sh)
#
#   CARGO_TARGET_DIR   where cargo builds; default `target`
#   CHROMIUM           the browser that opens the page of `chat`; default /usr/bin/chromium

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STEPS=12
readonly NODE_MAJOR=20

count_instructions=false
for option in "$@"; do
    case $option in
    --instructions) count_instructions=true STEPS=$((STEPS + 1)) ;;
    *) printf 'test.sh: %s is no option: there is --instructions\n' "$option" >&2 && exit 2 ;;
    esac
done
readonly STEPS count_instructions

passed=0
failed=0
number=0
started=$SECONDS
log=$(mktemp)
trap 'rm -f "$log"' EXIT

die() {
    printf '\nFAILED: %s\n' "$*" >&2
    exit 1
}

# step <title> <counter> <command> [argument ...]
#
# Runs a command with a heading and its time. The counter reads how many tests passed and failed out of the command's
# output; `none` is for commands that run no tests.
step() {
    local title=$1 counter=$2 begun=$SECONDS status before=$passed
    shift 2
    number=$((number + 1))
    printf '\n==> [%d/%d] %s\n' "$number" "$STEPS" "$title"
    # In a condition `set -e` would be off inside the command as well.
    set +e
    (set -e; "$@") 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    "count_$counter"
    if ((status != 0 || failed > 0)); then
        ((passed + failed == 0)) || printf '\n%d passed, %d failed\n' "$passed" "$failed"
        die "step $number, \"$title\" (exit code $status, after $((SECONDS - begun)) s): $*"
    fi
    if [[ $counter != none ]] && ((passed == before)); then
        die "step $number, \"$title\": its output names no test that passed, so nothing was tested: $*"
    fi
    printf '    ok after %d s\n' "$((SECONDS - begun))"
}

count_none() { :; }

# The sum of the numbers in front of a word, over the lines of the log that match a pattern.
sum_of() {
    { grep -aE "$1" "$log" || true; } | { grep -oE "[0-9]+ $2" || true; } | awk '{ sum += $1 } END { print sum + 0 }'
}

# `test result: ok. 12 passed; 0 failed; …`, once a test binary
count_cargo() {
    passed=$((passed + $(sum_of '^test result:' passed)))
    failed=$((failed + $(sum_of '^test result:' failed)))
}

# `Summary [ 1.2s] 64 tests run: 63 passed, 1 failed, 0 skipped`
count_nextest() {
    passed=$((passed + $(sum_of '^ *Summary \[' passed)))
    failed=$((failed + $(sum_of '^ *Summary \[' failed)))
}

# `35 runs passed, 0 failed`
count_reference() {
    passed=$((passed + $(sum_of '^[0-9]+ runs passed, ' 'runs passed')))
    failed=$((failed + $(sum_of '^[0-9]+ runs passed, ' failed)))
}

has() { command -v "$1" >/dev/null; }

check_tools() {
    local tool
    for tool in cargo node npm git; do
        has "$tool" || die "$tool is not installed: these tests need a Rust toolchain, Node $NODE_MAJOR or later, and git"
    done
    node -e "process.exit(Number(process.versions.node.split('.')[0]) >= $NODE_MAJOR ? 0 : 1)" ||
        die "Node $(node --version) is too old: these tests need Node $NODE_MAJOR or later"
}

install_system_packages() {
    local missing=() as_root=()
    has cc || missing+=(gcc libc6-dev)
    [[ -x ${CHROMIUM:-/usr/bin/chromium} ]] || missing+=(chromium)
    # The tests of the Redis adapters start a server of their own.
    has redis-server || missing+=(redis-server)
    # The configuration of docs/deploying is run.
    has nginx || [[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
    # A client that is no JavaScript has an environment of its own. Debian's Python comes without what makes one.
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
    if ((${#missing[@]} == 0)); then
        echo 'nothing is missing'
        return
    fi
    echo "missing: ${missing[*]}"
    has apt-get || die "install them, there is no apt-get here: ${missing[*]}"
    if [[ $(id -u) != 0 ]]; then
        has sudo || die "install them, this is neither root nor is there sudo: ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# Installs the npm packages of a folder, unless they are those of its lock file already.
install_npm_packages() {
    local folder=$1 installed=$1/node_modules/.package-lock-of-install.json
    if cmp -s "$folder/package-lock.json" "$installed"; then
        echo "$folder: up to date"
        return
    fi
    (cd "$folder" && npm ci --no-audit --no-fund)
    cp "$folder/package-lock.json" "$installed"
}

install_javascript() {
    install_npm_packages tests/js
    install_npm_packages tests/nestjs
    (cd tests/nestjs && npm run build)
}

# Installs the packages of the Python client, unless they are those of its list already.
install_python() {
    local folder=tests/python installed=tests/python/.venv/requirements-of-install.txt
    if cmp -s "$folder/requirements.txt" "$installed"; then
        echo "$folder: up to date"
        return
    fi
    python3 -m venv --clear "$folder/.venv"
    "$folder/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$folder/requirements.txt"
    cp "$folder/requirements.txt" "$installed"
}

# Each crate alone, which a workspace gives more features than it has, and each feature alone: what others switch off must not rot.
check_features() {
    local feature
    alone() { cargo clippy --lib --locked --quiet -p "$@" -- -D warnings; }
    alone gateway-macros
    alone gateway-core --no-default-features
    alone gateway-runtime --no-default-features
    for feature in deflate validator jwt prometheus redis redis-cluster,redis-sentinel,redis-tls testing tls; do
        echo "gateway-runtime with $feature alone"
        alone gateway-runtime --no-default-features --features "$feature"
    done
}

check_documentation() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
}

# Advisories need a database from the network and have a time of their own: `cargo deny check advisories`.
check_licences() {
    if cargo deny --version >/dev/null 2>&1; then
        cargo deny --locked check bans licenses sources
    else
        echo 'skipped: cargo-deny is not installed'
    fi
}

check_tools
step 'system packages' none install_system_packages
step 'JavaScript packages' none install_javascript
step 'Python packages' none install_python
step 'format' none cargo fmt --all --check
step 'lints' none cargo clippy --workspace --all-targets --locked -- -D warnings
step 'features' none check_features
step 'examples' none cargo build -p gateway-examples --bins --locked
if cargo nextest --version >/dev/null 2>&1; then
    step 'tests: unit, ui, integration' nextest cargo nextest run --workspace --locked
else
    step 'tests: unit, ui, integration' cargo cargo test --workspace --lib --bins --tests --locked --no-fail-fast
fi
step 'documentation tests' cargo cargo test --workspace --doc --locked --no-fail-fast
step 'documentation' none check_documentation
step 'the JavaScript checks against NestJS and socket.io' reference node tests/js/reference.mjs
step 'licences' none check_licences
if $count_instructions; then step 'instructions' none scripts/bench-instructions.sh; fi

printf '\nall steps ok after %d s\n' "$((SECONDS - started))"
printf '%d passed, %d failed\n' "$passed" "$failed"
