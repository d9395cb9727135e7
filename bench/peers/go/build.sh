#!/usr/bin/env bash
# Builds the program that measures Badger in Go, without the network, from Debian's
# packages:
#
#     apt-get install golang-go golang-github-dgraph-io-badger-dev
#
#     build.sh PROGRAM
#
# Exits with 3, and says so, where they are not installed.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")"

sources=/usr/share/gocode
if ! command -v go >/dev/null ||
  [ ! -d "$sources/src/github.com/dgraph-io/badger" ]; then
  rm -f "$program"
  echo 'Go and its Badger are not installed (apt-get install golang-go' \
    'golang-github-dgraph-io-badger-dev)' >&2
  exit 3
fi
version=$(dpkg-query -W -f '${Version}' golang-github-dgraph-io-badger-dev)

# A folder with go.mod in GOPATH: only there does Go find the packages that are
# imported with their major version in folders without it, as Debian has them.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir -p "$home/src/sett/badgerpeer"
cp ./*.go go.mod "$home/src/sett/badgerpeer"
cd "$home/src/sett/badgerpeer"
# Without C: only the compression, which is off, would be written in it.
CGO_ENABLED=0 GOPATH="$home:$sources" GO111MODULE=off GOFLAGS= \
  go build -trimpath -ldflags "-X main.badgerVersion=$version" -o "$program" .
