#!/usr/bin/env bash
# A Dask scheduler and workers on this machine; on others start `dask worker` alone with the same address.
#   deploy/dask/cluster.sh 4          four workers beside a scheduler on port 8786
# Dagster runs its steps there where ADGEN_DASK_SCHEDULER names the scheduler. Workers need the same environment as
# Dagster (ADGEN_DATA on storage that all of them see, ADGEN_RECIPE) and, for PostgreSQL or SQLite, the same instance.
# Only workers with the resource gpu=1 take heavy steps: one worker a machine gets it, GPU or not.
set -euo pipefail
workers="${1:-2}"
port="${ADGEN_DASK_PORT:-8786}"
host="${ADGEN_DASK_HOST:-127.0.0.1}"
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT INT TERM
python -m distributed.cli.dask_scheduler --host "$host" --port "$port" --no-dashboard &
for number in $(seq 1 "$workers"); do
  resources=()
  if [ "$number" = 1 ]; then resources=(--resources gpu=1); fi
  python -m distributed.cli.dask_worker "tcp://$host:$port" --nthreads 1 --no-dashboard --name "adgen-$number" "${resources[@]}" &
done
wait
