#!/bin/sh
# Branch coverage of each collector and codec by the tests of the collectors, lowest first; needs what ./sallyport setup test installs.
# Without the long runs over every vector, which find no branch that the mutated frames (mutate.test.ts) do not.
# Usage: test/bench/collector-coverage.sh [PART OF A TEST'S PATH …]
set -eu
cd "$(dirname -- "$0")/../.."
PATH=$PWD/docker/runtime/bin:$PATH
export PATH
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
[ $# -gt 0 ] || set -- test/collectors --exclude test/collectors/hostile.test.ts --exclude test/collectors/flood.test.ts
node node_modules/vitest/vitest.mjs run "$@" --reporter=dot --coverage.enabled --coverage.reportOnFailure --coverage.provider=v8 --coverage.include='collectors/*.ts' \
  --coverage.include='gateway/codec/*.ts' --coverage.reporter=json-summary --coverage.reportsDirectory="$out/coverage" > "$out/log" 2>&1 || {
  tail -n 30 "$out/log" >&2
  echo 'some tests failed: the figures are of those that ran' >&2
}
node -e '
  const summary = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  const rows = Object.entries(summary).map(([file, c]) => [file.replace(process.cwd() + "/", ""), c.branches, c.lines]);
  rows.sort((a, b) => a[1].pct - b[1].pct);
  for (const [file, branches, lines] of rows)
    console.log(`${branches.pct.toFixed(1).padStart(6)} % of ${String(branches.total).padStart(5)} branches ${lines.pct.toFixed(1).padStart(6)} % of lines  ${file}`);
' "$out/coverage/coverage-summary.json"
