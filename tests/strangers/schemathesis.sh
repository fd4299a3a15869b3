#!/usr/bin/env bash
# tests/strangers/run schemathesis BASE_URL TOKEN [EXCLUDE]
# Fuzzes every operation of BASE_URL/openapi.json with schemathesis, as the bearer of TOKEN, for at most four
# minutes. EXCLUDE is a regular expression over `METHOD /path`; by default it leaves out what ends TOKEN's session.
# Fails on any broken promise of the document, with the curl command that shows it (TOKEN itself is hidden).
# To bound or repeat a run: FUZZ_EXAMPLES (40 an operation), FUZZ_SEED (1), FUZZ_PHASES, FUZZ_SECONDS (240).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# = 2 || $# = 3 ]] || { echo "usage: tests/strangers/run schemathesis BASE_URL TOKEN [EXCLUDE]" >&2; exit 2; }
base=${1%/}
token=$2
exclude=${3:-'^(POST /v1/logout|DELETE /v1/me|DELETE /v1/me/sessions.*)$'}

# Its working files (a database of examples, a cache) belong to the run.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# One worker: with two, CPython 3.11 now and then fails in `ast` ("recursion depth mismatch"), and a seed means little.
status=0
timeout --kill-after=5 "${FUZZ_SECONDS:-240}" schemathesis --config-file "$here/schemathesis.toml" run "$base/openapi.json" \
  --header "Authorization: Bearer $token" \
  --exclude-name-regex "$exclude" \
  --phases "${FUZZ_PHASES:-examples,coverage,fuzzing,stateful}" \
  --checks all \
  --max-examples "${FUZZ_EXAMPLES:-40}" --seed "${FUZZ_SEED:-1}" --generation-database none \
  --workers 1 --suppress-health-check all --warnings off \
  --continue-on-failure --no-color --report json --report-json-path "$scratch/report.json" </dev/null || status=$?
[[ $status != 124 && $status != 137 ]] || echo "schemathesis was not done after ${FUZZ_SECONDS:-240} s" >&2

python - "$scratch/report.json" <<'SUMMARY' || status=1
import json, sys
try:
    report = json.load(open(sys.argv[1]))
except OSError:
    sys.exit("schemathesis wrote no report")
if not report["complete"] or not report["operations"]:
    sys.exit(f'schemathesis did not finish: {report["stop_reason"]}')
operations, cases = report["operations"], report["test_cases"]
print(json.dumps({
    "client": "schemathesis",
    "version": report["schemathesis_version"],
    "seed": report["seed"],
    "seconds": round(report["running_time"], 1),
    "operations": operations["tested"],
    "left_out": operations["total"] - operations["selected"],
    "cases": cases["generated"],
    "failures": [f'{f["code"]} {f["title"]}: {", ".join(f["operations"])}' for f in report["failures"]],
    "errors": len(report["errors"]),
}))
if not operations["tested"] or operations["tested"] != operations["selected"]:
    sys.exit("schemathesis did not test every selected operation")
SUMMARY
exit "$status"
