#!/usr/bin/env bash
# Has Prometheus's own parser and linter look at the metrics. promtool is the one on the
# PATH, or is taken out of Debian's package without installing it.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v deno >/dev/null; then
  deno() { npx -y deno@2.9.6 "$@"; }
fi

work=.tmp/promtool
promtool=$(command -v promtool || true)
if [[ -z $promtool ]]; then
  promtool=$work/usr/bin/promtool
  if [[ ! -x $promtool ]]; then
    mkdir -p "$work"
    (cd "$work" && apt-get download prometheus >/dev/null 2>&1) || {
      # Not everywhere is a Debian; where it must run, install promtool before.
      echo "SKIPPED: there is no promtool, and Debian's package of Prometheus cannot be had"
      exit 0
    }
    dpkg -x "$work"/prometheus_*.deb "$work"
  fi
fi

"$promtool" --version | head -1
metrics=$(deno run --no-prompt --allow-env=LOG_TOKENS,LOG_STREAM tests/promtool/print_metrics.ts)
"$promtool" check metrics --extended <<<"$metrics"
# A linter that finds nothing must be one that would.
if "$promtool" check metrics <<<'# TYPE badCounter counter
badCounter 1' 2>/dev/null; then
  echo "promtool takes anything"
  exit 1
fi
echo "2 passed, 0 failed"
