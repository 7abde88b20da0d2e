"""The composition root: one recipe on one machine becomes Dagster definitions."""

import warnings
from collections.abc import Callable, Iterator, Mapping

import dagster as dg

from adgen_pipeline import defs as stages
from adgen_pipeline.artifacts import Store
from adgen_pipeline.data_format import require_current
from adgen_pipeline.defs import dask, executors
from adgen_pipeline.defs import materialise as graph
from adgen_pipeline.defs.declare import ALSO_READS, ASKED_BY, STANDS_FOR
from adgen_pipeline.defs.history import scrub
from adgen_pipeline.defs.io import ArtifactIOManager, TableIOManager
from adgen_pipeline.defs.logs import console
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.erasure.plan import erase
from adgen_pipeline.errors import SettingsError
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.locks import exclusive
from adgen_pipeline.recipe import STAGES, Recipe, load_recipe
from adgen_pipeline.settings import Settings, switch_telemetry_off, use_state_folder
from adgen_pipeline.tracking import Tracker

TERMINATION_SECONDS = 120.0  # a cancelled training has this long to save its checkpoint


def build_definitions(recipe: Recipe, settings: Settings) -> dg.Definitions:
    """All of the pipeline's definitions for one recipe on one machine. No I/O happens here."""
    with warnings.catch_warnings():
        # the loader, the spec mapper and partitioned checks are previews in Dagster 1.13: pinned, and tested here
        warnings.simplefilter("ignore", dg.PreviewWarning)
        loaded = dg.load_definitions_from_package_module(
            stages,
            resources=resources(recipe, settings),
            loggers={"console": console},
            executor=executor(settings),
        )
        asked_for = without_unasked(loaded, recipe)
        return asked_for.map_asset_specs(func=lambda spec: with_recipe_version(spec, recipe))


def resources(recipe: Recipe, settings: Settings) -> dict[str, object]:
    """What assets ask for by name; all but `pipes` are plain library objects."""
    store = Store(settings.data)
    return {
        "recipe": recipe,
        "settings": settings,
        "store": store,
        "tracker": Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root),
        "pipes": dg.PipesSubprocessClient(termination_timeout_seconds=TERMINATION_SECONDS),
        "tables": TableIOManager(store),
        "artifacts": ArtifactIOManager(store),
    }


def executor(settings: Settings) -> dg.ExecutorDefinition | None:
    """Where the steps of Dagster's runs run: where the settings name an engine, there, else in processes here.

    Raises:
        SettingsError: an engine is named and its library is not installed, or its configuration is refused.
    """
    if settings.executor_path is not None:
        return executors.executor(settings.executor_path)
    if settings.dask_scheduler is None:
        return None
    try:
        return dask.executor(settings.dask_scheduler)
    except ImportError as error:
        raise SettingsError(
            'ADGEN_DASK_SCHEDULER is set, and dagster-dask is not installed. Run `pip install -e ".[dask]"`.'
        ) from error


def with_recipe_version(spec: dg.AssetSpec, recipe: Recipe) -> dg.AssetSpec:
    """The asset with the digest of its stage's recipe section in its code version: a changed section makes it stale."""
    stage = spec.key.path[0]
    if spec.code_version is None or stage not in STAGES:
        return spec
    named = [name.partition(".") for name in (stage, *spec.metadata.get(ALSO_READS, ()))]
    digests = [recipe.section(section).digest(part) for section, _, part in named]
    return spec.replace_attributes(code_version="+".join([spec.code_version, *digests]))


def without_unasked(definitions: dg.Definitions, recipe: Recipe) -> dg.Definitions:
    """The definitions without assets that the recipe does not ask for; those it asks for stand where they should."""
    optional = {spec.key: spec.metadata for spec in _specs(definitions) if ASKED_BY in spec.metadata}
    unasked = {key for key, metadata in optional.items() if not recipe.asks_for(metadata[ASKED_BY])}
    instead = {
        dg.AssetKey(metadata[STANDS_FOR].split("/")): key
        for key, metadata in optional.items()
        if key not in unasked and STANDS_FOR in metadata
    }
    made_of = {spec.key: {dep.asset_key for dep in spec.deps} for spec in _specs(definitions)}
    assets = []
    for asset in definitions.assets or ():
        if isinstance(asset, dg.AssetSpec) and asset.key in unasked:
            continue
        if isinstance(asset, dg.AssetsDefinition):
            if asset.keys & unasked:
                continue
            # What a stand-in is made of goes on reading that for which it stands.
            others = {
                old: new for old, new in instead.items() if not asset.keys & {new, *_upstream(new, made_of)}
            }
            asset = asset.with_attributes(asset_key_replacements=others).map_asset_specs(
                lambda spec: spec.replace_attributes(
                    deps=[dep for dep in spec.deps if dep.asset_key not in unasked]
                )
            )
        assets.append(asset)
    return dg.Definitions(
        assets=assets,
        asset_checks=[
            check
            for check in definitions.asset_checks or ()
            if not {key.asset_key for key in check.check_keys} & unasked
        ],
        schedules=definitions.schedules,
        sensors=definitions.sensors,
        jobs=definitions.jobs,
        resources=definitions.resources,
        executor=definitions.executor,
        loggers=definitions.loggers,
    )


def _upstream(key: dg.AssetKey, made_of: Mapping[dg.AssetKey, set[dg.AssetKey]]) -> set[dg.AssetKey]:
    """Everything that an asset is made of, at whatever distance."""
    found: set[dg.AssetKey] = set()
    waiting = [key]
    while waiting:
        for above in made_of.get(waiting.pop(), set()) - found:
            found.add(above)
            waiting.append(above)
    return found


def _specs(definitions: dg.Definitions) -> Iterator[dg.AssetSpec]:
    """What is declared of each asset, made or dropped by people."""
    for asset in definitions.assets or ():
        if isinstance(asset, dg.AssetSpec):
            yield asset
        elif isinstance(asset, dg.AssetsDefinition):
            yield from asset.specs


def materialise(
    recipe: Recipe, settings: Settings, *, select: str | None = None, report: Callable[[str], None]
) -> int:
    """Materialise what is stale; returns the number of steps that ran. Waits while another process does so here.

    Raises:
        AdgenError: a step failed, or a blocking check did.
    """
    use_state_folder(settings)
    with exclusive(settings.data, report=report), dg.DagsterInstance.get() as instance:
        require_current(settings.data, report=report)
        return len(
            graph.run(
                build_definitions(recipe, settings),
                instance,
                Store(settings.data),
                select=select,
                report=report,
            )
        )


def forget(settings: Settings, forgotten: Forgotten, *, report: Callable[[str], None]) -> None:
    """Erase what is forgotten from the data folder and from Dagster's history. Waits as `materialise` does."""
    use_state_folder(settings)
    with exclusive(settings.data, report=report), dg.DagsterInstance.get() as instance:
        require_current(settings.data, report=report)
        erase(Store(settings.data), forgotten, report=report)
        for name in sorted(str(channel_id) for channel_id in forgotten.channels):
            if instance.has_dynamic_partition(str(channel.name), name):
                instance.delete_dynamic_partition(str(channel.name), name)
        report("Removing previews, figures and evidence of checks from Dagster's history")
        scrub(settings.state, forgotten.channels, postgres_url=settings.postgres_url)


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads."""
    switch_telemetry_off()
    settings = Settings.from_environment()
    return build_definitions(load_recipe(settings.recipe_path), settings)
