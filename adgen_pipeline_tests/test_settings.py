from pathlib import Path

import pytest

from adgen_pipeline.errors import SettingsError
from adgen_pipeline.settings import PROJECT_ROOT, Meeting, Settings


def test_defaults_point_below_the_data_folder(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    assert settings.data == tmp_path / "data"
    assert settings.tracking_uri == f"sqlite:///{tmp_path / 'data' / 'state' / 'mlflow.db'}"
    assert settings.recipe_path == PROJECT_ROOT / "recipes" / "demo.yaml"
    assert settings.api_key is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("ADGEN_GPUS", "two", "number of GPUs", id="gpus"),
        pytest.param(
            "ADGEN_DATA", "s3://bucket/x", "ADGEN_OBJECT_STORE", id="object store as the data folder"
        ),
        pytest.param("ADGEN_OBJECT_STORE", "bucket/x", "s3://BUCKET/PREFIX", id="no address"),
        pytest.param("ADGEN_OBJECT_STORE", "s3://", "s3://BUCKET/PREFIX", id="no bucket"),
        pytest.param(
            "ADGEN_OBJECT_STORE", "s3://bucket/../x", "s3://BUCKET/PREFIX", id="a prefix that climbs"
        ),
        pytest.param("ADGEN_OBJECT_STORE", "file://x/y", "s3://BUCKET/PREFIX", id="a relative folder"),
        pytest.param(
            "AWS_ENDPOINT_URL", "127.0.0.1:9000", "https://HOST", id="an endpoint without its scheme"
        ),
        pytest.param("ADGEN_HOSTS", "2", "do not go together", id="hosts that meet nowhere"),
        pytest.param("ADGEN_HOSTS", "none", "number of hosts", id="hosts"),
        pytest.param(
            "ADGEN_RENDEZVOUS", "10.0.0.1:29500", "do not go together", id="one host that meets nobody"
        ),
        pytest.param("ADGEN_POSTGRES_URL", "mysql://x", "PostgreSQL", id="another database"),
    ],
)
def test_a_variable_that_means_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=words):
        Settings.from_environment()


def test_children_see_the_same_settings(tmp_path: Path) -> None:
    settings = Settings.from_environment(data=tmp_path / "d", recipe=Path("tiny"))
    child = settings.child_environment()
    assert child["ADGEN_DATA"] == str(tmp_path / "d")
    assert child["ADGEN_RECIPE"].endswith("recipes/tiny.yaml")
    assert child["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_hosts_meet_where_all_of_them_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADGEN_HOSTS", "2")
    monkeypatch.setenv("ADGEN_RENDEZVOUS", "10.0.0.1:29500")
    assert Settings.from_environment().meeting == Meeting(2, "10.0.0.1:29500")
    monkeypatch.setenv("ADGEN_RENDEZVOUS", "10.0.0.1")
    with pytest.raises(SettingsError, match="host:port"):
        Settings.from_environment()


def test_a_database_of_dagster_brings_its_own_instance_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().dagster_home == PROJECT_ROOT
    monkeypatch.setenv("ADGEN_POSTGRES_URL", "postgresql://u@h/d")
    settings = Settings.from_environment()
    assert (settings.dagster_home / "dagster.yaml").is_file()
    assert settings.postgres_url == "postgresql+psycopg2://u@h/d", "the driver that its storage works with"


@pytest.mark.parametrize(
    ("url", "to", "words"),
    [
        pytest.param("smtp://h", "", "ADGEN_ALERT_EMAIL_TO is not", id="nobody hears"),
        pytest.param("", "a@example.org", "ADGEN_SMTP_URL is not", id="no server"),
        pytest.param("http://u:geheim@h", "a@example.org", "no address of a mail server", id="no mail"),
        pytest.param("smtp://u:geheim/x@h", "a@example.org", "%2F", id="sign in the password"),
        pytest.param("smtp://u:12/geheim@h", "a@example.org", "%2F", id="password like a port"),
        pytest.param("smtp://geheim@h", "a@example.org", "no address of a mail server", id="no password"),
        pytest.param("smtp://h", "a@example.org,b", "'b' is no e-mail address", id="no mail address"),
        pytest.param("smtp://h", "ሀ@example.org", "is no e-mail address", id="letters"),
    ],
)
def test_half_a_mail_server_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, to: str, words: str
) -> None:
    monkeypatch.setenv("ADGEN_SMTP_URL", url)
    monkeypatch.setenv("ADGEN_ALERT_EMAIL_TO", to)
    with pytest.raises(SettingsError, match=words) as raised:
        Settings.from_environment()
    assert "geheim" not in str(raised.value)


def test_mails_come_from_who_logs_in_or_who_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().mail is None
    monkeypatch.setenv("ADGEN_SMTP_URL", "smtps://me%40example.org:p%2Fw@mail.example.org")
    monkeypatch.setenv("ADGEN_ALERT_EMAIL_TO", "a@example.org b@example.org")
    mail = Settings.from_environment().mail
    assert mail is not None
    assert (mail.host, mail.port, mail.is_encrypted, mail.is_here) == ("mail.example.org", 465, True, False)
    assert (mail.user, mail.password, mail.sender) == ("me@example.org", "p/w", "me@example.org")
    assert mail.recipients == ("a@example.org", "b@example.org")
    monkeypatch.setenv("ADGEN_ALERT_EMAIL_FROM", "alerts@example.org")
    named = Settings.from_environment().mail
    assert named is not None
    assert named.sender == "alerts@example.org"


def test_keys_in_the_address_of_an_object_store_are_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ADGEN_OBJECT_STORE", "s3://AKIA:geheim@bucket/x")
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment()
    assert "geheim" not in str(refused.value)


def test_an_object_store_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().object_store is None
    monkeypatch.setenv("ADGEN_OBJECT_STORE", "s3://my.bucket/some/prefix/")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    settings = Settings.from_environment()
    assert settings.object_store == "s3://my.bucket/some/prefix"
    assert settings.s3_endpoint == "http://127.0.0.1:9000"
    assert "geheim" not in repr(settings)


def test_artifacts_of_mlflow_go_where_its_own_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().artifact_root == Settings.from_environment().state / "mlflow-artifacts"
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", "s3://bucket/mlflow")
    assert Settings.from_environment().artifact_root == "s3://bucket/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert Settings.from_environment().artifact_root is None
