import pytest

from adgen_pipeline.app.service import require_key_beyond_loopback
from adgen_pipeline.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_loopback_needs_no_key(host: str) -> None:
    require_key_beyond_loopback(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_other_machines_reach_the_api_with_a_key_only(host: str) -> None:
    require_key_beyond_loopback(host, "sample-key")
    with pytest.raises(SettingsError, match="ADGEN_API_KEY"):
        require_key_beyond_loopback(host, None)
