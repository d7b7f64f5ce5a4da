#!/usr/bin/env bash
# Is ui/dist what the sources say? Builds the pages again from the lock file and compares byte by byte.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --loglevel error
fresh="$(mktemp -d)"
trap 'rm -rf "$fresh"' EXIT
npx vite build --outDir "$fresh" --emptyOutDir --logLevel warn
if ! diff -rq dist "$fresh"; then
    echo 'ui/dist is not what its sources build; hint: run `npm run build` in ui/ and commit dist' >&2
    exit 1
fi
echo "ui/dist: $(find dist -type f | wc -l) files, equal to a fresh build"
