#!/usr/bin/env bash
# Compares clients over a real cluster on Node 20, Bun and Deno: "bash run.sh [CLIENT...]".
# Needs redis-server and redis-cli, and Node with npm on the PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=.tmp/redis-clients
rm -rf "$work"
mkdir -p "$work"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi
deno_path=$(deno run tests/support/deno_path.ts)
case "$(node --version)" in
  v20.*) node20_path=$(node -p process.execPath) ;;
  *) node20_path=$(npx -y node@20 -p process.execPath) ;;
esac
bun_path=$(npx -y bun@1.4.5 -e 'console.log(process.execPath)')

deno pack --allow-dirty --no-source-maps --output "$work/badger.tgz" 2>/dev/null
cp bench/redis/clients.mjs tests/contract/servers.mjs tests/interop/checks.mjs "$work"
cat >"$work/package.json" <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": {
    "@redis/client": "6.3.1",
    "@sett/badger": "file:badger.tgz",
    "ioredis": "6.0.0",
    "iovalkey": "0.4.0"
  }
}
JSON
(cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
cd "$work"
for client in "${@:-redis ioredis iovalkey sett}"; do
  for name in $client; do
    "$node20_path" clients.mjs "$name"
    "$bun_path" clients.mjs "$name"
    "$deno_path" run --allow-all clients.mjs "$name"
  done
done
