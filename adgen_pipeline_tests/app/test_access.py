import stat
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app import cli, servers
from adgen_pipeline.app.commands import keys as commands
from adgen_pipeline.app.keys import ROLES, Keyring
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import SettingsError
from adgen_pipeline.settings import Settings
from adgen_pipeline_tests.app.ad_writer import SmallWriter
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app


def test_once_there_is_a_key_all_but_health_and_readiness_ask_for_one(tmp_path: Path) -> None:
    keyring = Keyring.of(Store(tmp_path))
    with TestClient(small_app(tmp_path)) as client:
        assert ready(client).get("/v1/channels").status_code == 200
        key = keyring.add("bot", role="bot")
        for path in ("/v1/channels", "/metrics", "/v1/models", "/v1/ads"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers={"X-API-Key": "adgen_other"}).status_code == 401
            assert client.get(path, headers={"X-API-Key": key}).status_code == 200
            assert client.get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200
        assert client.get("/health").status_code == client.get("/ready").status_code == 200
        refused = client.post("/v1/ads", json={"brief": BRIEF}, headers={b"X-API-Key": "ኦ".encode()})
        assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
        second = keyring.add("page", role="manager")
        keyring.revoke("bot")
        assert client.get("/v1/channels", headers={"X-API-Key": key}).status_code == 401
        assert client.get("/v1/channels", headers={"X-API-Key": second}).status_code == 200


def test_without_keys_a_server_that_others_reach_lets_nobody_in(tmp_path: Path) -> None:
    with TestClient(small_app(tmp_path, is_open=False)) as client:
        assert client.get("/v1/channels").status_code == 401
        assert client.get("/health").status_code == 200


def test_feedback_is_kept_by_the_role_of_its_key(tmp_path: Path) -> None:
    key = Keyring.of(Store(tmp_path)).add("hana", role="reviewer")
    with TestClient(small_app(tmp_path), headers={"X-API-Key": key}) as client:
        ad_id = ready(client).post("/v1/ads", json={"brief": BRIEF}).json()["ads"][0]["ad_id"]
        client.post(f"/v1/ads/{ad_id}/feedback", json={"verdict": "accept"})
        kept = client.get(f"/v1/ads/{ad_id}")
    assert kept.json()["feedback"][0]["role"] == "reviewer"
    assert "hana" not in kept.text


def test_a_key_is_shown_once_and_kept_as_a_digest_that_only_the_owner_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    assert cli.run(["keys", "add", "bot", "--role", "bot", *data]) == 0
    key = capsys.readouterr().out.strip()
    keyring = Keyring.of(Store(tmp_path))
    assert key not in keyring.path.read_text()
    assert stat.S_IMODE(keyring.path.stat().st_mode) == 0o600
    assert cli.run(["keys", "list", *data]) == 0
    assert "bot" in capsys.readouterr().out
    assert cli.run(["keys", "add", "bot", *data]) == 1
    assert keyring.holder(key) is not None
    assert cli.run(["keys", "revoke", "bot", *data]) == 0
    assert keyring.holder(key) is None
    assert cli.run(["keys", "revoke", "bot", *data]) == 1
    assert commands.ROLES == ROLES


def test_a_damaged_file_of_keys_lets_nobody_in(tmp_path: Path) -> None:
    keyring = Keyring.of(Store(tmp_path))
    key = keyring.add("bot", role="bot")
    keyring.path.write_text("[{}]")
    with pytest.raises(SettingsError, match="cannot be read"):
        keyring.holder(key)


def test_who_asks_too_fast_is_told_when_to_come_back(tmp_path: Path) -> None:
    with TestClient(small_app(tmp_path, limits=Limits(requests_per_minute=8))) as client:
        ready(client)
        answers = [client.get("/v1/ads") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 8
        assert client.get("/health").status_code == 200


def test_the_same_request_sent_twice_is_done_once(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "campaign-7"}
    with TestClient(small_app(tmp_path)) as client:
        first = ready(client).post("/v1/ads", json={"brief": BRIEF}, headers=headers)
        again = client.post("/v1/ads", json={"brief": BRIEF}, headers=headers)
        other = client.post("/v1/ads", json={"brief": BRIEF, "n": 2}, headers=headers)
        assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
        assert other.status_code == 422
        ad_id = first.json()["ads"][0]["ad_id"]
        for _ in range(2):
            client.post(
                f"/v1/ads/{ad_id}/feedback", json={"verdict": "accept"}, headers={"Idempotency-Key": "v"}
            )
        assert len(client.get(f"/v1/ads/{ad_id}").json()["feedback"]) == 1
        assert len(client.get("/v1/ads").json()) == 1
    with TestClient(small_app(tmp_path)) as restarted:
        assert ready(restarted).post("/v1/ads", json={"brief": BRIEF}, headers=headers).json() == first.json()


def test_a_request_whose_twin_is_running_is_told_to_wait(tmp_path: Path) -> None:
    go_on, began = threading.Event(), threading.Event()

    class Waiting(SmallWriter):
        def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            began.set()
            assert go_on.wait(10)
            return []

    headers = {"Idempotency-Key": "twin"}
    with TestClient(small_app(tmp_path, lambda: Waiting({}))) as client:
        ready(client)
        first = threading.Thread(
            target=client.post, args=("/v1/ads",), kwargs={"json": {"brief": BRIEF}, "headers": headers}
        )
        first.start()
        assert began.wait(10)
        assert client.post("/v1/ads", json={"brief": BRIEF}, headers=headers).status_code == 409
        go_on.set()
        first.join()


def test_the_pages_own_key_opens_where_keys_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.from_environment(data=tmp_path)
    assert servers.with_key(settings).api_key is None
    Keyring.of(Store(tmp_path)).add("bot", role="bot")
    own = servers.with_key(settings).api_key
    assert own is not None
    assert Keyring.of(Store(tmp_path), environment_key=own).holder(own) is not None
    monkeypatch.setenv("ADGEN_API_KEY", "sample")
    assert servers.with_key(Settings.from_environment(data=tmp_path)).api_key == "sample"
