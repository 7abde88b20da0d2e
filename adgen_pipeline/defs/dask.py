"""Steps of Dagster's runs on a Dask cluster that somebody started (deploy/dask).

The executor of dagster-dask 0.29 calls a step on the cluster by the names of its job and step alone. Runs of several
partitions have these in common, and a scheduler that gets one name twice computes it once: all runs would end well, and
one partition would be made. It also hands the run itself to Dask, which looks for futures in all tuples of a call's
arguments, and a run of a dynamic partition holds one that refuses to be iterated over. Here a step is called by its
run, and Dask sees nothing of its arguments.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from dagster._core.execution.retries import RetryMode
from dagster._utils import iterate_with_context

if TYPE_CHECKING:
    from dagster._core.execution.context.system import PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan


def executor(address: str) -> dg.ExecutorDefinition:
    """The executor for a scheduler's address.

    Raises:
        ImportError: dagster-dask is not installed.
    """
    import dagster_dask  # noqa: F401  (an extra: better missed now than in a run)

    return dg.ExecutorDefinition(
        name="dask",
        requirements=dg.multiple_process_executor_requirements(),
        executor_creation_fn=lambda _context: DaskSteps(address),
    )


class DaskSteps(dg.Executor):
    """Hands all steps of a run to Dask at once, each after those that it waits for."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def retries(self) -> RetryMode:
        """Dagster's own kind is not there; Dask repeats what a dead worker had."""
        return RetryMode.DISABLED

    def execute(
        self, plan_context: "PlanOrchestrationContext", execution_plan: "ExecutionPlan"
    ) -> Iterator[dg.DagsterEvent]:
        """The events of all steps, as they end."""
        from dagster_dask.executor import get_dask_resource_requirements, query_on_dask_worker
        from distributed import Client, as_completed

        run = plan_context.dagster_run
        with Client(self.address) as client:  # type: ignore[no-untyped-call]
            futures: dict[str, Any] = {}
            for step in (step for level in execution_plan.get_steps_to_execute_by_level() for step in level):
                before = {key for step_input in step.step_inputs for key in step_input.dependency_keys}
                call = partial(
                    query_on_dask_worker,
                    recon_job=plan_context.reconstructable_job,
                    dagster_run=run,
                    run_config=plan_context.run_config,
                    step_keys=[step.key],
                    instance_ref=plan_context.instance.get_ref(),
                    known_state=execution_plan.known_state,
                )
                futures[step.key] = client.submit(
                    call,
                    [futures[key] for key in sorted(before)],
                    key=f"{run.run_id}.{step.key}",
                    resources=get_dask_resource_requirements(step.tags),
                )
            ended = as_completed(futures.values(), with_results=True)  # type: ignore[no-untyped-call]
            for _, events in iterate_with_context(raise_execution_interrupts, ended):
                yield from events
