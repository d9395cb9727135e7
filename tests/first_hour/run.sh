#!/usr/bin/env bash
# The first hour of a stranger: in an empty home with Node alone, and then with Bun,
# README is followed word by word. Its blocks are taken from the document as they stand.
# What is not repeated here are the two commands, which `.ci/run` calls by themselves.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/tests/first_hour

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# No Deno, no Bun, no package that was fetched before. Where npm fetches from is this
# machine's business.
export NPM_CONFIG_USERCONFIG=${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}
export HOME=$work/home NPM_CONFIG_CACHE=$work/home/npm DENO_DIR=$work/home/deno
export PATH=$work/bin:/usr/bin:/bin
unset BUN_INSTALL
# Started by npx, this has npm's variables about it; they lead Bun to a Node, say.
for variable in $(compgen -e); do
  case $variable in npm_* | NODE | INIT_CWD) unset "$variable" ;; esac
done
mkdir -p "$HOME" "$work/bin"
for program in node npm npx; do
  ln -s "$(command -v $program)" "$work/bin/$program"
done
for program in deno bun; do
  if command -v $program >/dev/null; then echo "There is a $program: $(command -v $program)"; fi
done

passed=0
ok() {
  echo "ok - $1"
  passed=$((passed + 1))
}
block() { node "$tools/block.mjs" "$work/sett/README.md" "$@"; }
# As README says for Node 20 and 22.
old() { sed -E 's/^await using (\w+) =/const \1 =/' && echo "await ${1:-store}.close();"; }
# expect NAME TEXT COMMAND...: the command prints the text.
expect() {
  local name=$1 text=$2 said
  shift 2
  said=$("$@" 2>&1) || { printf 'not ok - %s\n%s\n' "$name" "$said"; exit 1; }
  [[ $said == *"$text"* ]] || { printf 'not ok - %s\n%s\n' "$name" "$said"; exit 1; }
  ok "$name"
}

git clone --quiet . "$work/sett"
(cd "$work/sett" && .ci/pack badger.tgz >"$work/log" 2>&1) || { cat "$work/log"; exit 1; }
ok "the package is made from a clone"

# project NAME: an empty project beside the clone, and the way into it.
project() {
  mkdir "$work/$1"
  cd "$work/$1"
  echo '{ "private": true, "type": "module" }' >package.json
}
write_blocks() {
  block "A first store" "Store.open" >first.mjs
  block "The plugin" "Badger.start" >plugin.mjs
  block "Statistics over HTTP" "console.log(await response.json())" >stats.mjs
  block "Statistics over HTTP" "basicAuth" >app.mjs
}

project node
npm install --no-audit --no-fund --loglevel=error ../sett/badger.tgz
ok "Node: the package installs"
write_blocks
for name in first plugin stats app; do
  variable=store
  if [[ $name != first ]]; then variable=badger; fi
  old $variable <$name.mjs >old.mjs
  if [[ $name == first ]]; then text="user:2 5"; fi
  if [[ $name == plugin ]]; then text="false"; fi
  if [[ $name == stats ]]; then text="vlog_size"; fi
  if [[ $name == app ]]; then text="401"; fi
  expect "Node $(node -p process.versions.node): $name" "$text" node old.mjs
  rm -rf data
  expect "Node 24: $name as it stands" "$text" npx -y node@24 $name.mjs
  rm -rf data
done
npm install --no-audit --no-fund --loglevel=error @hono/node-server
block "Statistics over HTTP" "@hono/node-server" | sed 's/port: 8000/port: 48213/' >server.mjs
node server.mjs &
expect "Node: the server answers" "200 {" node "$tools/ask.mjs" http://127.0.0.1:48213/badger/stats $!
expect "Node: the dashboard answers" "200 <!doctype html>" node "$tools/ask.mjs" http://127.0.0.1:48213/badger $!
kill $!
wait $! 2>/dev/null || true
rm -rf data

# The command, as docs/cli.md begins.
npx badger set user:1 Ada 2>/dev/null
expect "Node: the command reads what it wrote" "Ada" npx badger get user:1
expect "Node: the command has help" "Exit codes:" npx badger --help

npm install --prefix "$work/bun_home" --no-audit --no-fund --loglevel=error bun@1.4.5
ln -s "$work/bun_home/node_modules/.bin/bun" "$work/bin/bun"
ln -s "$work/bun_home/node_modules/.bin/bunx" "$work/bin/bunx"
cp "$NPM_CONFIG_USERCONFIG" "$HOME/.npmrc" 2>/dev/null || true
project bun
bun add --silent ../sett/badger.tgz
ok "Bun: the package installs"
write_blocks
expect "Bun: first as it stands" "user:2 5" bun first.mjs
expect "Bun: plugin as it stands" "false" bun plugin.mjs
expect "Bun: stats as it stands" "vlog_size" bun stats.mjs
expect "Bun: app as it stands" "401" bun app.mjs
block "Statistics over HTTP" "export default" | sed 's/port: 8000/port: 48214/' >server.mjs
bun server.mjs &
expect "Bun: the server answers" "200 {" node "$tools/ask.mjs" http://127.0.0.1:48214/badger/stats $!
kill $!
wait $! 2>/dev/null || true
# Without any Node: nothing but Bun is on the PATH.
mkdir "$work/bun_alone"
cp -P "$work/bin/bun" "$work/bin/bunx" "$work/bun_alone"
expect "Bun alone: the command has help" "Exit codes:" env "PATH=$work/bun_alone" bunx badger --help

echo "$passed passed, 0 failed"
