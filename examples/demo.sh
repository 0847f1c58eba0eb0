#!/usr/bin/env bash
# Runs both example checkpoints: one passes, one fails, and both store their result.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# expect CODE COMMAND...: show a command and its output; stop unless it exits with CODE.
expect() {
    local wanted=$1 code=0
    shift
    printf '\n$ %s\n' "$*"
    "$@" || code=$?
    printf '(exit code %s)\n' "$code"
    if [ "$code" != "$wanted" ]; then
        printf 'demo: expected exit code %s\n' "$wanted" >&2
        exit 1
    fi
}

mkdir -p examples/results
stored() { find examples/results -name "*.json" | sort; }

before=$(stored | wc -l)
expect 0 veriport checkpoint list --config examples/veriport.yaml
expect 0 veriport checkpoint run flights_usable --config examples/veriport.yaml
expect 1 veriport checkpoint run flights_strict --config examples/veriport.yaml
expect 1 veriport checkpoint run flights_strict --config examples/veriport.yaml --format json

printf '\nStored results:\n'
stored
if [ "$(stored | wc -l)" != "$((before + 3))" ]; then
    printf 'demo: each of the three runs should have stored its result\n' >&2
    exit 1
fi
