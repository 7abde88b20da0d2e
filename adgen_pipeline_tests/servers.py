"""Servers that slow tests start for real and take down again: PostgreSQL from Debian's packages, Dask, S3."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USER = "postgres"  # initdb refuses to be root


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """A server with its own folder, gone at the end; yields its address, without a database's name.

    Skips the test where PostgreSQL is not installed (Debian: apt-get install postgresql) or this is not root.
    """
    if not BINARIES or os.geteuid() != 0:
        pytest.skip("needs root and PostgreSQL: apt-get install postgresql")
    programs, port = BINARIES[-1], free_port()
    # not below the tests' own folder, which nobody but root may enter
    with tempfile.TemporaryDirectory(prefix="adgen-postgresql-") as folder:
        shutil.chown(folder, USER)
        _as_user(
            [str(programs / "initdb"), "--auth=trust", "--username=adgen", "--no-sync", f"{folder}/data"]
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = [str(programs / "pg_ctl"), "--pgdata", f"{folder}/data", "--wait"]
        _as_user([*control, "--timeout=300", "--options", options, "--log", f"{folder}/log", "start"])
        try:
            yield f"postgresql://adgen:secret@127.0.0.1:{port}"
        finally:
            _as_user([*control, "--mode=immediate", "stop"])


def create_database(server: str, name: str) -> str:
    """A new database on a server; returns its address."""
    sql = f"CREATE DATABASE {name}"
    subprocess.run(
        [str(BINARIES[-1] / "psql"), f"{server}/postgres", "-c", sql], check=True, capture_output=True
    )
    return f"{server}/{name}"


def _as_user(command: list[str]) -> None:
    # pg_ctl's server would keep a pipe open: what it says goes to the test's output
    subprocess.run(["runuser", "-u", USER, "--", *command], check=True, stdin=subprocess.DEVNULL, cwd="/")


@contextmanager
def dask(environment: dict[str, str], workers: int) -> Iterator[str]:
    """A scheduler and workers as deploy/dask/cluster.sh starts them; yields the scheduler's address."""
    from adgen_pipeline import process  # noqa: PLC0415
    from adgen_pipeline.settings import PROJECT_ROOT  # noqa: PLC0415

    port = free_port()
    child = subprocess.Popen(
        ["bash", str(PROJECT_ROOT / "deploy" / "dask" / "cluster.sh"), str(workers)],
        env={
            **environment,
            "ADGEN_DASK_PORT": str(port),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        },
        cwd=PROJECT_ROOT,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.stop_group(child, grace=20)


def _wait_for(port: int, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"nothing listens on port {port}")


@dataclass(frozen=True)
class S3:
    """An S3 server with one bucket, and the key that it lets in.

    Attributes:
        endpoint: its address.
        bucket: name of the bucket.
        key, secret: of the one user.
    """

    endpoint: str
    bucket: str
    key: str
    secret: str

    def environment(self) -> dict[str, str]:
        """What a client of it needs."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def s3(bucket: str = "adgen-test") -> Iterator[S3]:
    """moto's server, which speaks S3 over HTTP and checks keys; gone at the end."""
    import boto3  # noqa: PLC0415

    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    # the four calls below are let in by anybody, all others by the user's key alone
    child = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "4"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        root = {
            "endpoint_url": endpoint, "region_name": "us-east-1",
            "aws_access_key_id": "x", "aws_secret_access_key": "x",
        }  # fmt: skip
        boto3.client("s3", **root).create_bucket(Bucket=bucket)
        users = boto3.client("iam", **root)
        users.create_user(UserName="adgen")
        policy = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        }
        users.put_user_policy(UserName="adgen", PolicyName="all", PolicyDocument=json.dumps(policy))
        made = users.create_access_key(UserName="adgen")["AccessKey"]
        yield S3(endpoint, bucket, made["AccessKeyId"], made["SecretAccessKey"])
    finally:
        child.terminate()
        child.wait(timeout=30)
