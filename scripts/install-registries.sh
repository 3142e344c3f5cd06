#!/usr/bin/env bash
# Installs the registries that a rehearsal of a release publishes to on this machine: verdaccio and pypiserver, into .engines/registries. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

verdaccio=6.8.0
pypiserver=2.4.2
folder=.engines/registries
stamp=$folder/installed
wanted="$verdaccio $pypiserver"

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  echo 'registries: already installed'
  exit
fi
rm -rf "$folder"
mkdir -p "$folder/npm"
# No part of the repository's lock file: nothing that is built or published comes from here.
cat > "$folder/npm/package.json" <<MANIFEST
{ "private": true, "dependencies": { "verdaccio": "$verdaccio" }, "overrides": { "node-fetch": "2.7.0" } }
MANIFEST
npm install --prefix "$folder/npm" --ignore-scripts --no-audit --no-fund --loglevel=error
python3 -m venv "$folder/pypi"
"$folder/pypi/bin/pip" install --quiet --no-compile --disable-pip-version-check "pypiserver==$pypiserver"
# Written last, so that an interrupted installation is tried again.
echo "$wanted" > "$stamp"
