#!/usr/bin/env bash
# Packs the module, installs it as a Node user would, and runs the scenarios on
# Deno, Node 20, Bun and Node 24. Needs Node with npm on the PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=.tmp/interop
rm -rf "$work"
mkdir -p "$work"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi

# The programs themselves, not the scripts that npx puts before them: the runner
# is allowed to start these four files and nothing else, and kills what it starts.
deno_path=$(deno run tests/support/deno_path.ts)
case "$(node --version)" in
  v20.*) node20_path=$(node -p process.execPath) ;;
  *) node20_path=$(npx -y node@20 -p process.execPath) ;;
esac
node24_path=$(npx -y node@24 -p process.execPath)
bun_path=$(npx -y bun@1.4.5 -e 'console.log(process.execPath)')

.ci/pack "$work/badger.tgz"
cp tests/interop/*.mjs tests/interop/consumer.ts tests/interop/tsconfig.json "$work"
cat >"$work/package.json" <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": {
    "@hono/node-server": "2.1.9",
    "@sett/badger": "file:badger.tgz"
  },
  "devDependencies": {
    "@opentelemetry/sdk-trace-base": "2.12.0",
    "typescript": "5.9.3"
  }
}
JSON
(cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
(cd "$work" && node_modules/.bin/tsc --project tsconfig.json)

# The command as npm links it.
for runtime in "$node20_path" "$bun_path" "$node24_path"; do
  (
    cd "$work"
    command=("$runtime" node_modules/.bin/badger)
    "${command[@]}" set key value --path command
    test "$("${command[@]}" get key --path command)" = value
    "${command[@]}" delete key --path command
    # That of the runtime before would be read before this one writes its own.
    rm -f url
    "${command[@]}" serve --path command --port 0 --json >url &
    until grep -qs http url; do kill -0 $! && sleep 0.05; done
    kill -TERM $!
    wait $!
    # Whoever waits at a pipe hears Ctrl-C.
    rm -f pipe && mkfifo pipe
    "${command[@]}" import pipe --path command &
    exec 3>pipe
    kill -INT $!
    code=0
    wait $! || code=$?
    test "$code" = 130
    exec 3>&-
  )
done
echo "3 passed, 0 failed"

deno run --no-prompt --allow-read=. --allow-write=.tmp \
  --allow-run="$deno_path,$node20_path,$bun_path,$node24_path" \
  tests/interop/run.ts \
  "deno=$deno_path" "node20=$node20_path" "bun=$bun_path" "node24=$node24_path"
