#!/usr/bin/env bash
# Runs main.ts or full_disk.ts with Deno, Node 20, Bun and Node 24:
#
#     run.sh main.ts --kills 200
#     run.sh full_disk.ts
#
# Deno runs the sources, the others the packed artefact. Needs Node with npm.
set -euo pipefail
script=$1
shift
cd "$(dirname "$0")/../.."

work=.tmp/kill
rm -rf "$work"
mkdir -p "$work"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi

# The programs themselves, not the scripts that npx puts before them: a kill must hit
# the process that holds the store.
case "$(node --version)" in
  v20.*) node20_path=$(node -p process.execPath) ;;
  *) node20_path=$(npx -y node@20 -p process.execPath) ;;
esac
node24_path=$(npx -y node@24 -p process.execPath)
bun_path=$(npx -y bun@1.4.5 -e 'console.log(process.execPath)')
deno_path=$(deno run tests/support/deno_path.ts)

deno pack --quiet --allow-dirty --no-source-maps --output "$work/badger.tgz"
tar -xzf "$work/badger.tgz" -C "$work"
module="file://$PWD/$work/package/mod.js"

deno run --no-prompt --allow-read=. --allow-write=.tmp \
  --allow-run="$deno_path,$node20_path,$bun_path,$node24_path,mount,umount,mkfs.ext4,bash" \
  "tests/kill/$script" "$@" \
  --runtime "node20=$node20_path=$module" \
  --runtime "bun=$bun_path=$module" \
  --runtime "node24=$node24_path=$module"
