# What the scripts share: finding Node 24 and nats-server, installing what is missing, building.
# shellcheck shell=sh
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

# The packages' own commands first (Node 24 among them); nats-server lies in /usr/sbin, which few users have on PATH.
PATH="$root/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin"
export PATH

# What the checks run of the tests: the house's rules, whether seeded bugs fit, a few seeds of every scenario, and the
# small scopes of the search.
checked_tests="test/tidy.test.ts test/docs.test.ts test/mutants-fit.test.ts test/sim/smoke.test.ts
  test/sim/known-seeds.test.ts test/sim/repeats.test.ts src/sim/search/engine.test.ts src/sim/search/search.test.ts"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

# Runs a command that prints only when it fails.
quietly() {
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; else
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

node_is_recent() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 19) ? 0 : 1)' \
    2>/dev/null
}

# npm leaves a copy of the lock file in node_modules: when ours is newer, what is installed is out of date.
packages_are_current() {
  [ -f node_modules/.package-lock.json ] && [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]
}

install_packages() {
  if ! packages_are_current; then
    command -v npm >/dev/null || fail "npm is missing: install Node.js (any version with npm), then run this again."
    say "Installing npm packages (once)..."
    quietly npm ci --loglevel=error --no-audit --no-fund || fail "npm could not install the packages: see above."
  fi
  # Where install scripts are switched off, the package `node` came without its binary.
  node_is_recent || quietly npm rebuild node --ignore-scripts=false --loglevel=error || true
  node_is_recent || fail "Node.js 22.19 or later is needed: install it, or allow the install script of the package 'node'."
}

# Installs nats-server from the system's packages; false when it cannot be had.
install_nats_server() {
  command -v nats-server >/dev/null && return
  command -v apt-get >/dev/null || return 1
  say "Installing nats-server..."
  export DEBIAN_FRONTEND=noninteractive
  # The package lists of a fresh machine are empty or old: then they are fetched and it is tried once more.
  apt_install 2>/dev/null || { quietly as_root apt-get update -q && apt_install; } || return 1
  command -v nats-server >/dev/null
}

apt_install() { quietly as_root apt-get install -y -q --no-install-recommends nats-server; }

build() {
  built=dist/cli/main.js
  # With what of other packages becomes part of the command line.
  sources="src scripts/bundle.ts package.json package-lock.json tsconfig.json tsconfig.build.json"
  # shellcheck disable=SC2086 # each is a word of its own
  if [ ! -f "$built" ] || [ -n "$(find $sources -newer "$built")" ]; then
    say "Building..."
    quietly npm run --silent build || fail "The build failed: see above."
  fi
}
