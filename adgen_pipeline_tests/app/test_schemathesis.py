"""Requests generated from the OpenAPI document against the real app: nothing that it does not announce comes back."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adgen_pipeline.app.limits import Limits
from adgen_pipeline.artifacts import Store
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app
from adgen_pipeline_tests.generation.profiles import profile

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
PATHS = (
    "/v1/ads", "/v1/ads/{ad_id}", "/v1/ads/{ad_id}/checks", "/v1/ads/{ad_id}/feedback", "/v1/briefs", "/v1/search",
    "/v1/comparisons", "/v1/comparisons/summary", "/v1/comparisons/{comparison_id}",
    "/v1/comparisons/{comparison_id}/vote", "/v1/channels", "/v1/channels/advice", "/v1/models",
    "/health", "/ready", "/metrics",
)  # fmt: skip
EXAMPLES = 150

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # its own libraries' deprecations


@pytest.mark.parametrize("path", PATHS)
def test_generated_requests_get_documented_answers(path: str, tmp_path: Path) -> None:
    Store(tmp_path).write_table(
        CHANNEL_PROFILES, CHANNEL_PROFILES.frame([profile(7, ads_count=3), profile(3)])
    )
    app = small_app(tmp_path, limits=Limits(requests_per_minute=10_000_000, waiting=64))
    with TestClient(app, raise_server_exceptions=False) as client:
        ready(client)
        ad_id = client.post("/v1/ads", json={"brief": BRIEF}).json()["ads"][0]["ad_id"]
        asked = {"brief": BRIEF, "models": ["champion", "template"]}
        comparison_id = client.post("/v1/comparisons", json=asked).json()["comparison_id"]
        ids = {"ad_id": ad_id, "comparison_id": comparison_id}
        schema = schemathesis.openapi.from_asgi("/openapi.json", app)
        results: list[Any] = [*schema.get_all_operations()]
        operations = [result.ok() for result in results if result.ok().path == path]
        assert operations
        for operation in operations:

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=(Phase.explicit, Phase.generate),
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def holds(case: schemathesis.Case[Any]) -> None:
                for name in ids.keys() & (case.path_parameters or {}).keys():
                    case.path_parameters[name] = ids[name]
                case.call_and_validate(checks=list(CHECKS))

            holds()
