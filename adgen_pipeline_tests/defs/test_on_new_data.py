"""The one automation condition: which assets are requested after which event."""

from collections.abc import Iterator

import dagster as dg
import pytest

from adgen_pipeline.defs.automation import on_new_data

# the evaluator selects sources by a parameter that Dagster 1.13 calls beta
pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")


def definitions(code_version: str = "1") -> dg.Definitions:
    """source → table → summary, the two derived ones under `on_new_data`."""

    @dg.asset(deps=[dg.AssetKey("source")], automation_condition=on_new_data, code_version=code_version)
    def table() -> None: ...

    @dg.asset(deps=[table], automation_condition=on_new_data, code_version="1")
    def summary() -> None: ...

    return dg.Definitions(assets=[dg.AssetSpec("source"), table, summary])


class Ticks:
    """Evaluations one after another, on one instance; what was requested counts as in progress until it is made."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.result: dg.EvaluateAutomationConditionsResult | None = None

    def made(self, name: str, data_version: str, code_version: str | None = "1") -> None:
        tags = {"dagster/data_version": data_version}
        if code_version is not None:
            tags["dagster/code_version"] = code_version
        self.instance.report_runless_asset_event(dg.AssetMaterialization(name, tags=tags))

    def requested(self, defs: dg.Definitions) -> set[str]:
        self.result = dg.evaluate_automation_conditions(
            defs, self.instance, cursor=self.result.cursor if self.result else None
        )
        return {
            name for name in ("table", "summary") if self.result.get_requested_partitions(dg.AssetKey(name))
        }


@pytest.fixture
def ticks() -> Iterator[Ticks]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Ticks(instance)


@pytest.fixture
def made_once(ticks: Ticks) -> Ticks:
    """Everything was made once, and the condition has seen it."""
    ticks.made("source", "s1", None)
    ticks.made("table", "t1")
    ticks.made("summary", "u1")
    ticks.requested(definitions())
    return ticks


def test_the_same_bytes_request_nothing(made_once: Ticks) -> None:
    made_once.made("source", "s1", None)
    assert made_once.requested(definitions()) == set()


def test_new_bytes_request_the_next_link_only(made_once: Ticks) -> None:
    made_once.made("source", "s2", None)
    assert made_once.requested(definitions()) == {"table"}
    assert made_once.requested(definitions()) == set()


def test_an_unchanged_intermediate_stops_the_cascade(made_once: Ticks) -> None:
    made_once.made("source", "s2", None)
    made_once.requested(definitions())
    made_once.made("table", "t1")
    assert made_once.requested(definitions()) == set()


def test_a_changed_intermediate_passes_it_on(made_once: Ticks) -> None:
    made_once.made("source", "s2", None)
    made_once.requested(definitions())
    made_once.made("table", "t2")
    assert made_once.requested(definitions()) == {"summary"}


def test_a_changed_recipe_section_requests_its_stage_only(made_once: Ticks) -> None:
    assert made_once.requested(definitions(code_version="2")) == {"table"}
