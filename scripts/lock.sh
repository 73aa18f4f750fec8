#!/bin/sh
# Renews requirements.lock from pyproject.toml: every platform, Python 3.11 and later, with hashes.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-.venv/bin/uv}"
exec "$uv" pip compile pyproject.toml --extra demo --extra bench --extra tracing --extra dev \
    --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
    --output-file requirements.lock "$@"
