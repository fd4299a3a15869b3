# Sourced by tools that measure: a release build of the service on a PostgreSQL of its own, under load. They are not
# part of `make test`. AUTH_SERVICE names another binary than the release build.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=${AUTH_SERVICE:-${CARGO_TARGET_DIR:-$here/../../target}/release/auth-service}
[[ -x $binary ]] || { echo "$binary is missing: run 'cargo build --release -p auth-service'." >&2; exit 1; }
# A server given from outside would keep the rows.
[[ -n ${SERVING_SERVICES:-} ]] || TEST_DATABASE_URL='' SERVING_SERVICES=1 exec "$here/../with-services" "$0" "$@"

dir=$(mktemp -d)
services=()
finish() {
  [[ ${#services[@]} = 0 ]] || kill "${services[@]}" 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

load() { python3 "$here/refresh_load.py" "$@"; }
sql() { "$PG_BIN/psql" --no-psqlrc --quiet --tuples-only --no-align -v ON_ERROR_STOP=1 "$url" "$@"; }

# database NAME: makes it, and `sql` and `serve` use it from now on.
database() {
  url=$TEST_DATABASE_URL
  sql -c "CREATE DATABASE $1"
  url=${TEST_DATABASE_URL%/*}/$1
}

# serve BINARY [NAME=VALUE…]: starts it with these settings; sets `service` and `base`.
serve() {
  local serving=$1 log
  shift
  log=$(mktemp "$dir/log.XXXXXX")
  env -i DATABASE_URL="$url" AUTH__DATA_DIR="$dir/data" AUTH__LISTEN=127.0.0.1:0 AUTH__INTERNAL_LISTEN=127.0.0.1:0 \
    AUTH__LOG__FORMAT=json AUTH__REFRESH__REUSE_WINDOW=0s \
    AUTH__PASSWORDS__ARGON2_MEMORY_KIB=64 AUTH__PASSWORDS__ARGON2_ITERATIONS=1 "$@" "$serving" serve >"$log" 2>&1 &
  service=$!
  services+=("$service")
  for _ in {1..300}; do
    base=$(sed -nE 's/.*"message":"serving".*"public":"([^"]+)".*/http:\/\/\1/p; s/.*"public":"([^"]+)".*"message":"serving".*/http:\/\/\1/p' "$log")
    [[ -z $base ]] || return 0
    kill -0 "$service" 2>/dev/null || break
    sleep 0.1
  done
  cat "$log" >&2
  return 1
}

# end PID: a service, as an operator does.
end() {
  kill "$1"
  wait "$1" || true
  local pid rest=()
  for pid in "${services[@]}"; do [[ $pid = "$1" ]] || rest+=("$pid"); done
  services=(${rest[@]+"${rest[@]}"})
}
