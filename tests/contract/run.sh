#!/usr/bin/env bash
# Packs the module, installs it as a Node user would, and runs the contract of key-value
# stores and filters, and the faults, over real Redis servers: on Deno, Bun and Node 20,
# one after the other. Needs redis-server, redis-cli and openssl, and Node with npm.
# The last line is "N passed, N failed" over all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in redis-server redis-cli openssl; do
  if ! command -v "$program" >/dev/null; then
    printf '%s is not installed: apt-get install redis-server openssl\n' "$program"
    exit 1
  fi
done

work=.tmp/contract
rm -rf "$work"
mkdir -p "$work"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi
case "$(node --version)" in
  v20.*) node20_path=$(node -p process.execPath) ;;
  *) node20_path=$(npx -y node@20 -p process.execPath) ;;
esac
# The program itself, not the script that npx puts before it: `timeout` starts it.
deno_path=$(deno run tests/support/deno_path.ts)
bun_path=$(npx -y bun@1.4.5 -e 'console.log(process.execPath)')

deno pack --allow-dirty --no-source-maps --output "$work/badger.tgz"
cp tests/contract/*.mjs tests/interop/checks.mjs "$work"
cat >"$work/package.json" <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": { "@sett/badger": "file:badger.tgz" }
}
JSON
(cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)

passed=0
failed=0

# attempt COMMAND...: runs it, shows what it prints and keeps that in the log.
attempt() {
  timeout 400 "$@" 2>&1 | tee "$work/log"
}

# add NAME COMMAND...: runs the script and adds what its last line says.
add() {
  local name=$1 code=0 line
  shift
  attempt "$@" || code=$?
  case $code in
    132 | 133 | 134 | 135 | 139)
      # There is no native code of ours in it.
      printf '%s: the runtime crashed with code %d; once more\n' "$name" "$code"
      code=0
      attempt "$@" || code=$?
      ;;
  esac
  line=$(sed -nE 's/^counts: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$work/log")
  if [ -z "$line" ] || [ "$code" != 0 ]; then
    printf 'not ok - %s did not come to its end: exit code %d\n' "$name" "$code"
    failed=$((failed + 1))
  fi
  set -- ${line:-0 0}
  printf '%s: %d passed, %d failed in %d s\n' "$name" "$1" "$2" "$SECONDS"
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# Starting a server takes the whole environment with it, hence the right to read that.
SECONDS=0
add "deno" "$deno_path" run --no-prompt --allow-read --allow-write=.tmp,/dev/shm \
  --allow-net=127.0.0.1,localhost --allow-env \
  --allow-run tests/contract/main.mjs "$@"
if [ $# = 0 ]; then
  if [ ! -d data/badger ]; then deno task --quiet demo >/dev/null; fi
  SECONDS=0
  add "demonstration" "$deno_path" run --no-prompt --allow-all \
    tests/contract/demo_copy.mjs data/badger
fi
for runtime in "bun=$bun_path" "node20=$node20_path"; do
  SECONDS=0
  add "${runtime%%=*}" env -C "$work" CHECKS=./checks.mjs \
    "${runtime#*=}" main.mjs "$@"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
