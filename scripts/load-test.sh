#!/usr/bin/env bash
# Run a load scenario with whatever atlas-perf there is: a local one, or else its container image.
#
#   scripts/load-test.sh [SCENARIO [ENVIRONMENT]] [OPTION...]
#
#   scripts/load-test.sh                                   api against http://localhost:8088
#   scripts/load-test.sh smoke staging                     smoke against $LOAD_TEST_URL or $STAGING_URL
#   scripts/load-test.sh all production --allow-production
#   scripts/load-test.sh api local --processes 8 --duration-scale 0.1
#
# SCENARIO    smoke, api, a2a, websocket, all, or a file        (default: api)
# ENVIRONMENT embedded, local, staging or production            (default: local)
# OPTION      of 'atlas-perf run'
#
# Looked for in this order: $ATLAS_PERF; .venv of this checkout; atlas-perf in PATH; docker with the
# image $ATLAS_PERF_IMAGE (default: atlas-perf, built from this checkout if it is not there).
# The exit code is atlas-perf's: 0 pass, 1 fail, 2 wrong usage, 3 proves nothing, 4 no data.
set -euo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly checkout
readonly image="${ATLAS_PERF_IMAGE:-atlas-perf}"

# What decides the target, the load and the limits, paths apart, which are others in a container.
# Names only: a value in an argument is seen in `ps`.
readonly variables=(
  BASE_URL WS_URL LOAD_TEST_URL LOAD_TEST_WS_URL STAGING_URL STAGING_WS_URL
  PRODUCTION_URL PRODUCTION_WS_URL AUTH_TOKEN A2A_TOKEN CONTRACT
  ATLAS_PERF_ALLOWED_HOSTS ATLAS_PERF_MAX_RATE_PER_S ATLAS_PERF_MAX_VUS
  ATLAS_PERF_ENVIRONMENT ATLAS_PERF_CONTRACT ATLAS_PERF_PROFILE ATLAS_PERF_VUS ATLAS_PERF_DURATION
  ATLAS_PERF_ITERATIONS ATLAS_PERF_RATE ATLAS_PERF_STAGES ATLAS_PERF_WARM_UP
  ATLAS_PERF_DURATION_SCALE ATLAS_PERF_VUS_SCALE ATLAS_PERF_PROCESSES ATLAS_PERF_SEED
  ATLAS_PERF_CALIBRATE ATLAS_PERF_PAYLOAD ATLAS_PERF_TAGS ATLAS_PERF_QUIET
  ATLAS_PERF_LOG_FORMAT
  CI NO_COLOR
)

usage() {
  sed -n '2,/^set /{/^# \{0,1\}/!d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
}

local_command() {
  if [ -n "${ATLAS_PERF:-}" ]; then
    printf '%s\n' "$ATLAS_PERF"
  elif [ -x "$checkout/.venv/bin/atlas-perf" ]; then
    printf '%s\n' "$checkout/.venv/bin/atlas-perf"
  else
    command -v atlas-perf
  fi
}

in_container() {
  if ! docker image inspect "$image" >/dev/null 2>&1; then
    echo "building the image $image from $checkout" >&2
    docker build --tag "$image" "$checkout" >&2
  fi
  # The host's network, so that `local` is the host's; its user, so that results belong to them.
  local options=(--rm --network host --user "$(id -u):$(id -g)" --volume "$PWD:/load")
  local name
  for name in "${variables[@]}"; do
    [ -z "${!name+set}" ] || options+=(--env "$name")
  done
  exec docker run "${options[@]}" "$image" "$@"
}

case "${1:-}" in -h | --help) usage && exit 0 ;; esac

scenario=api
environment=local
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
  scenario=$1
  shift
  if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    environment=$1
    shift
  fi
fi
arguments=(run "$scenario" --environment "$environment" "$@")

if found="$(local_command)"; then
  exec "$found" "${arguments[@]}"
elif command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  in_container "${arguments[@]}"
fi
echo "load-test.sh: there is neither atlas-perf nor a running Docker: install it with" \
  "'make build' in $checkout (Python 3.11, a C compiler), or 'pip install $checkout'" >&2
exit 2
