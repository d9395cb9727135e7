#!/usr/bin/env bash
# Packs the module, installs it as a Node user would, and runs the test suites that
# Level, Keyv and unstorage publish over its adapters, on Node. Needs Node with npm on
# the PATH. The last line is "N passed, N failed" over all suites.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=.tmp/suites
rm -rf "$work"
mkdir -p "$work"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi

deno pack --allow-dirty --no-source-maps --output "$work/badger.tgz"
cp tests/suites/*.mjs "$work"
cat >"$work/package.json" <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": {
    "@keyv/test-suite": "2.1.2",
    "@sett/badger": "file:badger.tgz",
    "abstract-level": "3.1.1",
    "keyv": "5.6.0",
    "tape": "5.10.2",
    "unstorage": "1.17.6",
    "vitest": "4.0.8"
  }
}
JSON
(cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
cd "$work"
passed=0
failed=0

# add COMMAND...: runs a suite and adds what its last line says.
add() {
  local code=0 log=suite.log
  "$@" >"$log" 2>&1 || code=$?
  local line
  line=$(grep -Eo '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -1 || true)
  if [ -z "$line" ] || { [ "$code" != 0 ] && [ "${line##*, }" = "0 failed" ]; }; then
    cat "$log"
    failed=$((failed + 1))
    return
  fi
  [ "$code" = 0 ] || cat "$log"
  grep '^skipped' "$log" || true
  printf '%s: %s\n' "$*" "$line"
  set -- $line
  passed=$((passed + $1))
  failed=$((failed + $3))
}

add node level.mjs
add node vitest.mjs
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
