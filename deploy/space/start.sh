#!/usr/bin/env bash
# Fetches the published model and encoder, then serves API and page on one port (7860 unless --port says otherwise).
# HF_TOKEN reads private repositories; ADGEN_API_KEY opens the API to whoever holds it. Both are secrets of the Space.
set -euo pipefail
cd "$(dirname "$0")"
exec python -m adgen_pipeline.app.space "$@"
