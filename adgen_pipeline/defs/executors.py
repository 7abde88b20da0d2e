"""Where steps of Dagster's runs go, by a file that names an executor of one of Dagster's libraries and configures it.

The file (deploy/ray, deploy/celery, deploy/kubernetes) is YAML with one key, the executor's name, and below it the
executor's own configuration, which its library checks. Names that are not in this table are refused: a file of
settings does not choose what is imported.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster._config import validate_config

from adgen_pipeline.errors import SettingsError

EXECUTORS = {
    "ray": ("dagster_ray", "ray_executor"),
    "celery": ("dagster_celery", "celery_executor"),
    "kubernetes": ("dagster_k8s", "k8s_job_executor"),
}


def executor(path: Path) -> dg.ExecutorDefinition:
    """The executor that a file configures.

    Raises:
        SettingsError: the file cannot be read, names no known executor, its library is not installed, or the library
            refuses the configuration.
    """
    name, config = read(path)
    module, attribute = EXECUTORS[name]
    try:
        definition: dg.ExecutorDefinition = getattr(import_module(module), attribute)
    except ImportError as error:
        package = module.replace("_", "-")
        raise SettingsError(
            f"ADGEN_EXECUTOR={path} asks for {name}, and {package} is not installed ({error}). "
            f"Install the {package} that goes with dagster {dg.__version__}."
        ) from error
    schema = definition.config_schema.config_type
    assert schema is not None, "an executor with a schema"
    checked = validate_config(schema, config)  # Dagster itself would look at it in each run, and not before
    if checked.errors:
        problems = "; ".join(error.message for error in checked.errors)
        raise SettingsError(f"ADGEN_EXECUTOR={path} is refused by {module}: {problems}")
    return definition.configured(config, name=name)


def read(path: Path) -> tuple[str, dict[str, Any]]:
    """Name of the executor and its configuration.

    Raises:
        SettingsError: the file cannot be read, or names not exactly one known executor.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(
            f"ADGEN_EXECUTOR={path} cannot be read ({error}). Name a file such as those in deploy/."
        ) from error
    if not isinstance(content, dict) or len(content) != 1 or not set(content) <= set(EXECUTORS):
        raise SettingsError(
            f"ADGEN_EXECUTOR={path} does not name one executor at its top: {', '.join(sorted(EXECUTORS))}."
        )
    ((name, config),) = content.items()
    return name, config or {}
