#!/usr/bin/env bash
# Compares the store with others, or guards its ratios to them:
#
#     run.sh [--rounds N] [--scale F] [--only a,b] [--peers a,b]
#            [--runtimes deno,bun,node] [--out DIR] [--against PEER]
#     run.sh check [--tolerance F] [--update]
#
# What is measured is the packed artefact, installed as a Node user would. Needs
# Node with npm on the PATH. Badger in Go takes part where Debian's packages of it
# are installed; see go/build.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

script=main.ts
if [ "${1-}" = check ]; then
  script=check.ts
  shift
fi

work=.tmp/peers
mkdir -p "$work/adapters"

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi

# The programs themselves, not the scripts that npx puts before them. Bun and Node
# are fetched only if they are asked for.
deno_path=$(deno run tests/support/deno_path.ts)
own_node_path=$(node -p process.execPath)
programs=(--program "deno=$deno_path" --program "own-node=$own_node_path")
allowed="$deno_path,$own_node_path"
case " $* " in
  *bun*)
    bun_path=$(npx -y bun@1.4.5 -e 'console.log(process.execPath)')
    programs+=(--program "bun=$bun_path")
    allowed+=",$bun_path"
    ;;
esac
case " $* " in
  *"--runtimes "*node*)
    node_path=$(npx -y node@24 -p process.execPath)
    programs+=(--program "node=$node_path")
    allowed+=",$node_path"
    ;;
esac

# Badger in Go, if it may take part: built here, and held to the same keys, values
# and draws as the others.
takes_badger_go=true
if [ "$script" = check.ts ]; then takes_badger_go=false; fi
case " $* " in
  *"--from "*) takes_badger_go=false ;;
  *badger-go*) ;;
  *"--peers "*) takes_badger_go=false ;;
esac
if $takes_badger_go; then
  badger_go=$PWD/$work/badger-go
  if bash bench/peers/go/build.sh "$badger_go"; then
    if [ "$("$badger_go" digest 1000000)" != \
      "$(node bench/peers/digest.mjs 1000000)" ]; then
      echo 'Cannot compare with Badger in Go: its keys, values or draws differ' >&2
      exit 1
    fi
    programs+=(--program "badger-go=$badger_go")
    allowed+=",$badger_go"
  else
    echo 'NOT COMPARED: Badger in Go could not be built' >&2
  fi
fi

wanted='lmdb@3.5.6 classic-level@3.0.0 better-sqlite3@12'
if [ "$(cat "$work/installed" 2>/dev/null || true)" != "$wanted" ]; then
  cat >"$work/package.json" <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": {
    "better-sqlite3": "12",
    "classic-level": "3.0.0",
    "lmdb": "3.5.6"
  }
}
JSON
  # With scripts: the native part of better-sqlite3 is fetched by one.
  (cd "$work" && npm install --no-audit --no-fund --loglevel=error)
  echo "$wanted" >"$work/installed"
fi

# The store changes between two runs, so it is packed each time; it has no
# dependency that the comparison needs.
deno pack --quiet --allow-dirty --no-source-maps --output "$work/badger.tgz"
rm -rf "$work/node_modules/@sett/badger"
mkdir -p "$work/node_modules/@sett/badger"
tar -xzf "$work/badger.tgz" -C "$work/node_modules/@sett/badger" --strip-components=1
cp bench/peers/*.mjs "$work"
cp bench/peers/adapters/*.mjs "$work/adapters"

deno run --no-prompt --allow-read --allow-write=. --allow-sys=cpus,systemMemoryInfo \
  --allow-env=NODE_ENV \
  --allow-run="$allowed" \
  "bench/peers/$script" "${programs[@]}" "$@"
