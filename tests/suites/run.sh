#!/usr/bin/env bash
# Packs the module, installs it as a Node user would, compiles a TypeScript user of its
# adapters, and runs the suites that Level and Keyv publish, and ours for unstorage:
# Level's and a scenario of all three on Node 20, Bun and Node 24, those that need
# Vitest on this Node. Needs Node with npm on the PATH. The last line is
# "N passed, N failed" over all suites.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=.tmp/suites
rm -rf "$work"
mkdir -p "$work"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi

case "$(node --version)" in
  v20.*) node20_path=$(node -p process.execPath) ;;
  *) node20_path=$(npx -y node@20 -p process.execPath) ;;
esac
node24_path=$(npx -y node@24 -p process.execPath)
bun_path=$(npx -y bun@1.4.5 -e 'console.log(process.execPath)')

.ci/pack "$work/badger.tgz"
cp tests/suites/*.mjs tests/suites/consumer.ts tests/suites/tsconfig.json \
  tests/interop/checks.mjs "$work"
cat >"$work/package.json" <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": {
    "@keyv/test-suite": "2.1.2",
    "@sett/badger": "file:badger.tgz",
    "@types/node": "24.10.1",
    "abstract-level": "3.1.1",
    "keyv": "5.6.0",
    "tape": "5.10.2",
    "typescript": "5.9.3",
    "unstorage": "1.17.6",
    "vitest": "4.0.8"
  }
}
JSON
(cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
cd "$work"
node_modules/.bin/tsc --project tsconfig.json
passed=0
failed=0

# add NAME COMMAND...: runs a suite and adds what its last line says.
add() {
  local name=$1 code=0 log=suite.log
  shift
  "$@" >"$log" 2>&1 || code=$?
  local line
  line=$(sed -nE 's/^(counts: )?([0-9]+ passed, [0-9]+ failed)$/\2/p' "$log" | tail -1)
  if [ -z "$line" ] || { [ "$code" != 0 ] && [ "${line##*, }" = "0 failed" ]; }; then
    cat "$log"
    printf '%s: did not come to its end\n' "$name"
    failed=$((failed + 1))
    return
  fi
  [ "$code" = 0 ] || cat "$log"
  grep -E '^skipped|assertions, ' "$log" || true
  printf '%s: %s\n' "$name" "$line"
  set -- $line
  passed=$((passed + $1))
  failed=$((failed + $3))
}

for runtime in "node20=$node20_path" "bun=$bun_path" "node24=$node24_path"; do
  name=${runtime%%=*}
  path=${runtime#*=}
  add "scenario, $name" "$path" scenario.mjs "data/scenario-$name"
  add "abstract-level, disk, $name" "$path" level.mjs disk
done
add "abstract-level, memory, node24" "$node24_path" level.mjs memory
add "abstract-level, bucket, node24" "$node24_path" level.mjs bucket
add "keyv and unstorage, node" node vitest.mjs
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
