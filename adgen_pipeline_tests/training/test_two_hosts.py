"""Two hosts, as two network namespaces of this machine: ZeRO-2 over gloo, by the commands of two machines."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adgen_pipeline import process
from adgen_pipeline.settings import PROJECT_ROOT, Meeting
from adgen_pipeline_tests.training.samples import tiny_base, tiny_job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

# TEST-NET-1 (RFC 5737): addresses that are nobody's.
HOSTS = {"adgen-a": ("adgen-va", "192.0.2.1"), "adgen-b": ("adgen-vb", "192.0.2.2")}


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def two_hosts() -> Iterator[None]:
    """Two namespaces with a cable between them."""
    if os.geteuid() != 0 or not Path("/usr/sbin/ip").exists():
        pytest.skip("network namespaces need root and iproute2")
    try:
        for name in HOSTS:
            _ip("netns", "add", name)
        (first, (va, _)), (second, (vb, _)) = HOSTS.items()
        _ip("link", "add", va, "netns", first, "type", "veth", "peer", "name", vb, "netns", second)
        for name, (interface, address) in HOSTS.items():
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", interface)
            _ip("-n", name, "link", "set", interface, "up")
            _ip("-n", name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces do not work here: {error.stderr.decode().strip()}")
    try:
        yield
    finally:
        for name in HOSTS:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def test_two_hosts_train_one_adapter(tmp_path: Path, two_hosts: None) -> None:
    tiny_base(tmp_path)
    job = tiny_job(tmp_path, "adapter", spread="zero2", maximum_steps=4)
    path = job.out.parent / "job.json"
    job.write(path)
    (first, (va, address)), (second, (vb, other)) = HOSTS.items()
    meeting = Meeting(2, f"{address}:29511", local_address=address)
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "DS_ACCELERATOR": "cpu",
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    one = subprocess.Popen(
        ["ip", "netns", "exec", first, *process.command("adgen_pipeline.training", path, processes=1, meeting=meeting)],
        env={**environment, "GLOO_SOCKET_IFNAME": va},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    two = subprocess.Popen(
        [
            "ip", "netns", "exec", second,
            sys.executable, "-m", "adgen_pipeline.app.cli", "join", "--job", str(path),
        ],
        env={
            **environment, "GLOO_SOCKET_IFNAME": vb, "ADGEN_HOSTS": "2",
            "ADGEN_RENDEZVOUS": f"{address}:29511", "ADGEN_LOCAL_ADDRESS": other,
        },
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        outputs = [child.communicate(timeout=1800)[0] for child in (one, two)]
    finally:
        for child in (one, two):
            process.stop_group(child, grace=5)
    assert (one.returncode, two.returncode) == (0, 0), "\n".join(output[-3000:] for output in outputs)
    result = json.loads((job.out / "result.json").read_text(encoding="utf-8"))
    assert result["ranks"] == 2
    assert result["steps"] == 4
