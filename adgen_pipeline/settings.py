"""Which machine: the only reader of the process environment.

What to do stands in a recipe (`recipe.py`), how to spread a job in `deepspeed_configs/`.
"""

import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adgen_pipeline.errors import SettingsError
from adgen_pipeline.mail_settings import Mail, mail_of

PROJECT_ROOT = Path(__file__).resolve().parent.parent

# Dagster reads its own switch from dagster.yaml, Streamlit from its command line.
TELEMETRY_OFF = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DISABLE_MLFLOWDBFS": "True",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "TOKENIZERS_PARALLELISM": "false",
}

# Threads that wait by spinning make PyTorch on the CPU 4 to 8 times slower as soon as anything else runs (2 cores,
# Gemma 3 270M: 40 to 80 tokens/s in training instead of 200 to 350). The C++ runtime reads it when torch is imported.
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class Meeting:
    """Where several hosts meet to train together.

    Attributes:
        hosts: how many.
        rendezvous: host:port of the first of them.
        local_address: this host's address, where its name does not lead to it.
    """

    hosts: int
    rendezvous: str
    local_address: str | None = None


@dataclass(frozen=True)
class Settings:
    """One machine's settings.

    Attributes:
        data: the data folder (`ADGEN_DATA`), absolute.
        recipe_path: the recipe file (`ADGEN_RECIPE`), absolute.
        spread_dir: the folder of DeepSpeed files.
        gpus: number of GPUs to use (`ADGEN_GPUS`); 0 means the CPU.
        tracking_uri: MLflow's address (`MLFLOW_TRACKING_URI`), by default SQLite below the data folder.
        artifact_url: object store of MLflow's artifacts (`MLFLOW_DEFAULT_ARTIFACT_ROOT`) where its store is a database;
            None: a folder below the data folder.
        dagster_url: where the Dagster UI is reached, for links from MLflow (`ADGEN_DAGSTER_URL`).
        mlflow_url: where MLflow's UI is reached, for links from Dagster (`ADGEN_MLFLOW_URL`).
        api_url: where the page finds the API (`ADGEN_API_URL`).
        api_key: key that the page sends, and one that opens the API (`ADGEN_API_KEY`) beside those of `adgen keys`.
        postgres_url: database of the Dagster instance (`ADGEN_POSTGRES_URL`); None: SQLite below the data folder.
        dask_scheduler: Dask scheduler that runs Dagster's steps (`ADGEN_DASK_SCHEDULER`); None: this machine does.
        executor_path: file that names another executor of those steps (`ADGEN_EXECUTOR`, files in deploy/), absolute.
        keep_versions: newest versions of each artifact that `adgen vacuum` keeps (`ADGEN_KEEP_VERSIONS`).
        keep_days: what is younger than so many days stays as well (`ADGEN_KEEP_DAYS`).
        alert_webhook: address that hears of failures (`ADGEN_ALERT_WEBHOOK`).
        mail: people who hear of failures (`ADGEN_ALERT_EMAIL_TO`), through which server (`ADGEN_SMTP_URL`) and from
            which address (`ADGEN_ALERT_EMAIL_FROM`); None: nobody.
        meeting: where hosts that train together meet (`ADGEN_HOSTS`, `ADGEN_RENDEZVOUS`, `ADGEN_LOCAL_ADDRESS`).
        object_store: what holds a copy of the data folder (`ADGEN_OBJECT_STORE`): s3://bucket/prefix, or file:///folder.
            Keys are AWS's own variables; they are read by the client alone and stand in no field.
        s3_endpoint: address of an S3 that is not Amazon's (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
        s3_authority: file with certificates of an authority of one's own (`AWS_CA_BUNDLE`).
        hub_url: the hub that `adgen publish` writes to and a Space reads from (`HF_ENDPOINT`).
        hub_token: what it lets in (`HF_TOKEN`); None: only what is public can be read.
    """

    data: Path
    recipe_path: Path
    spread_dir: Path
    gpus: int
    tracking_uri: str
    dagster_url: str
    mlflow_url: str
    api_url: str
    api_key: str | None
    postgres_url: str | None = None
    dask_scheduler: str | None = None
    executor_path: Path | None = None
    alert_webhook: str | None = None
    keep_versions: int = 3
    keep_days: int = 30
    meeting: Meeting | None = None
    mail: Mail | None = None
    artifact_url: str | None = None
    object_store: str | None = None
    s3_endpoint: str | None = None
    s3_authority: Path | None = None
    hub_url: str = "https://huggingface.co"
    hub_token: str | None = field(default=None, repr=False)

    @property
    def state(self) -> Path:
        """Folder of the Dagster instance, MLflow's store and the logs of `adgen dev`."""
        return self.data / "state"

    @property
    def dagster_home(self) -> Path:
        """Folder of the dagster.yaml in force: Dagster's file cannot choose between two databases by itself."""
        return PROJECT_ROOT if self.postgres_url is None else PROJECT_ROOT / "deploy" / "postgresql"

    @property
    def is_tracking_database(self) -> bool:
        """Whether MLflow's store is a database that this machine opens, and not a server that somebody runs."""
        return self.tracking_uri.startswith(("sqlite:", "postgresql"))

    @property
    def artifact_root(self) -> Path | str | None:
        """Where MLflow's artifacts go when its store is a database: a folder or a URL; None when a server decides."""
        if not self.is_tracking_database:
            return None
        return self.artifact_url or self.state / "mlflow-artifacts"

    @classmethod
    def from_environment(cls, *, data: Path | None = None, recipe: Path | None = None) -> "Settings":
        """Settings of this process; arguments win over the environment.

        Raises:
            SettingsError: if a variable does not mean anything.
        """
        environment = os.environ
        named = str(data) if data is not None else environment.get("ADGEN_DATA", "data")
        if "://" in named:
            raise SettingsError(
                f"ADGEN_DATA={named}: the data folder is a folder on this machine. Name one, and the object store "
                "that keeps a copy in ADGEN_OBJECT_STORE."
            )
        root = Path(named).expanduser().resolve()
        return cls(
            data=root,
            recipe_path=_recipe_path(
                str(recipe) if recipe is not None else environment.get("ADGEN_RECIPE", "demo")
            ),
            spread_dir=PROJECT_ROOT / "deepspeed_configs",
            gpus=_count(environment, "ADGEN_GPUS", 0, "GPUs"),
            tracking_uri=with_driver(
                environment.get("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'state' / 'mlflow.db'}")
            ),
            dagster_url=environment.get("ADGEN_DAGSTER_URL", "http://127.0.0.1:3000"),
            mlflow_url=environment.get("ADGEN_MLFLOW_URL", "http://127.0.0.1:5000"),
            api_url=environment.get("ADGEN_API_URL", "http://127.0.0.1:8008"),
            api_key=environment.get("ADGEN_API_KEY") or None,
            postgres_url=_postgres_url(environment),
            dask_scheduler=environment.get("ADGEN_DASK_SCHEDULER") or None,
            executor_path=_executor_path(environment),
            alert_webhook=environment.get("ADGEN_ALERT_WEBHOOK") or None,
            keep_versions=_count(environment, "ADGEN_KEEP_VERSIONS", 3, "versions"),
            keep_days=_count(environment, "ADGEN_KEEP_DAYS", 30, "days"),
            meeting=_meeting(environment),
            mail=mail_of(environment),
            artifact_url=environment.get("MLFLOW_DEFAULT_ARTIFACT_ROOT") or None,
            object_store=_object_store(environment),
            s3_endpoint=_s3_endpoint(environment),
            s3_authority=Path(bundle) if (bundle := environment.get("AWS_CA_BUNDLE")) else None,
            hub_url=environment.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/"),
            hub_token=environment.get("HF_TOKEN", "").strip() or None,
        )

    def child_environment(self) -> dict[str, str]:
        """Environment for a process that must see the same settings (servers, jobs)."""
        return {
            **PATIENT_THREADS,
            **os.environ,
            **TELEMETRY_OFF,
            "ADGEN_DATA": str(self.data),
            "ADGEN_RECIPE": str(self.recipe_path),
            "ADGEN_GPUS": str(self.gpus),
            "ADGEN_STATE": str(self.state),
            "DAGSTER_HOME": str(self.dagster_home),
            "MLFLOW_TRACKING_URI": self.tracking_uri,
            **({} if self.postgres_url is None else {"ADGEN_POSTGRES_URL": self.postgres_url}),
            **({} if self.gpus else {"DS_ACCELERATOR": "cpu"}),  # or DeepSpeed warns that it found no GPU
        }


def key_of(variable: str | None) -> str | None:
    """The key that an environment variable holds, for an endpoint whose recipe names the variable; None for no key.

    Raises:
        SettingsError: the variable is named and not set.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise SettingsError(
            f"{variable} is not set, and the recipe's endpoint needs it. Set it to the provider's key."
        )
    return key


def encodings_folder() -> Path:
    """Where tiktoken keeps the encodings of OpenAI that it has fetched; it asks the same variables."""
    named = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    return Path(named) if named else Path(tempfile.gettempdir()) / "data-gym-cache"


def switch_telemetry_off() -> None:
    """Tell every library that phones home not to, and threads to wait patiently; first in each process entry."""
    for name, value in {**TELEMETRY_OFF, **PATIENT_THREADS}.items():
        os.environ.setdefault(name, value)


def quieten_libraries() -> None:
    """Switch off the libraries' own progress bars and advice; the pipeline reports its own progress."""
    quiet = {
        "TQDM_DISABLE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONWARNINGS": "ignore::FutureWarning",
    }
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    # it advises to fetch a kernel from a hub; without it the plain implementation is used
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    # it says at each product of each layer that LLM.int8 computes in 16-bit floats of another kind
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)


def use_plain_transfers() -> None:
    """Send and fetch files of a hub by plain HTTP; before `huggingface_hub` is imported, which reads this once.

    Its other protocol (Xet) splits a large push into several commits, and cannot be tried without the hub itself.
    """
    for name in ("HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")


def use_state_folder(settings: Settings) -> None:
    """Point Dagster at the state folder of `settings` (it reads DAGSTER_HOME and dagster.yaml's variables)."""
    settings.state.mkdir(parents=True, exist_ok=True)
    os.environ["ADGEN_STATE"] = str(settings.state)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    if settings.postgres_url is not None:
        os.environ["ADGEN_POSTGRES_URL"] = settings.postgres_url
    if not settings.gpus:
        os.environ.setdefault("DS_ACCELERATOR", "cpu")  # or DeepSpeed warns that it found no GPU


def _count(environment: Mapping[str, str], name: str, default: int, what: str) -> int:
    value = environment.get(name) or str(default)
    if not value.isdigit():
        raise SettingsError(f"{name}={value!r} is not a number of {what}. Set it to 0, 1, 2, …")
    return int(value)


def with_driver(url: str) -> str:
    """A PostgreSQL address with the driver named that Dagster's storage needs; any other address as it is.

    SQLAlchemy 2.1 takes psycopg 3 where none is named, in which that storage's NOTIFY is a syntax error.
    """
    return (
        url.replace("postgresql://", "postgresql+psycopg2://", 1) if url.startswith("postgresql://") else url
    )


def _postgres_url(environment: Mapping[str, str]) -> str | None:
    url = with_driver(environment.get("ADGEN_POSTGRES_URL", "")) or None
    if url is not None and not url.startswith("postgresql+psycopg2://"):
        raise SettingsError(
            "ADGEN_POSTGRES_URL is no address of a PostgreSQL database. "
            "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    return url


def _object_store(environment: Mapping[str, str]) -> str | None:
    """Address of the object store without a slash at its end."""
    url = environment.get("ADGEN_OBJECT_STORE", "").rstrip("/") or None
    if url is None:
        return None
    is_s3 = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[^/?#@]+)*", url) is not None
    is_folder = url.startswith("file:///") and ".." not in url.split("/")
    if not (is_s3 or is_folder) or set(url.split("/")) & {".", ".."}:
        # what was written there may be a key: it is not shown
        raise SettingsError(
            "ADGEN_OBJECT_STORE is no address of an object store. Write s3://BUCKET/PREFIX (or file:///FOLDER for a "
            "mounted folder); keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    return url


def _s3_endpoint(environment: Mapping[str, str]) -> str | None:
    url = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None
    if url is not None and not re.fullmatch(r"https?://[\w.:\[\]-]+/?", url):
        raise SettingsError(
            "AWS_ENDPOINT_URL is no address of a server. Write https://HOST or http://HOST:PORT."
        )
    return url


def _meeting(environment: Mapping[str, str]) -> Meeting | None:
    """Where hosts meet; None where this one works alone. Number and address are named together or not at all."""
    hosts = _count(environment, "ADGEN_HOSTS", 1, "hosts")
    rendezvous = environment.get("ADGEN_RENDEZVOUS") or None
    if (hosts > 1) != (rendezvous is not None):
        raise SettingsError(
            f"ADGEN_HOSTS={hosts} and ADGEN_RENDEZVOUS={rendezvous or ''} do not go together. For several hosts name "
            "both on each: their number, and host:port of the first one."
        )
    if rendezvous is None:
        return None
    if not re.fullmatch(r"[^\s:]+:\d+", rendezvous):
        raise SettingsError(f"ADGEN_RENDEZVOUS={rendezvous!r} is not host:port, such as 10.0.0.1:29500.")
    return Meeting(hosts, rendezvous, environment.get("ADGEN_LOCAL_ADDRESS") or None)


def _executor_path(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("ADGEN_EXECUTOR") or None
    if named is not None and environment.get("ADGEN_DASK_SCHEDULER"):
        raise SettingsError(
            "ADGEN_EXECUTOR and ADGEN_DASK_SCHEDULER each name where steps run. Set one of them."
        )
    return None if named is None else Path(named).expanduser().resolve()


def _recipe_path(named: str) -> Path:
    """A recipe by path, or by name: `demo` is recipes/demo.yaml of the project."""
    path = Path(named).expanduser()
    if path.suffix not in {".yaml", ".yml"}:
        path = PROJECT_ROOT / "recipes" / f"{named}.yaml"
    return path.resolve()


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Variables for the processes that are started meanwhile; what the user set stays."""
    new = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]
