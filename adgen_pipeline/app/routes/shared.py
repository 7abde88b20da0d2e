"""What the operations share: the parts of the serving process, who asks, which problems are documented."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import HTTPException, Path, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from adgen_pipeline.app.beside import Beside
from adgen_pipeline.app.engine import Engine, Writer
from adgen_pipeline.app.idempotency import Tickets
from adgen_pipeline.app.keys import Holder, Keyring
from adgen_pipeline.app.limits import Pace
from adgen_pipeline.app.metrics import Metrics
from adgen_pipeline.app.precedence import Precedence
from adgen_pipeline.artifacts import Store
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.policy import Policy

AdId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="as POST /v1/ads gave it")]
ChannelId = Annotated[int, Path(ge=-(2**63), lt=2**63)]


@dataclass(frozen=True)
class Parts:
    """The parts of a serving process; `minimum_score` is that of the recipe's labels."""

    store: Store
    engine: Engine
    beside: Beside
    archive: Archive
    tickets: Tickets
    metrics: Metrics
    admit: Callable[..., Awaitable[Holder]]  # dependency: the holder of the request's key, or a refusal
    precedence: Precedence
    minimum_score: float

    def policy(self) -> Policy:
        """Our rules and the clients', as they stand now.

        Raises:
            BriefError: a client's file is broken.
        """
        return Policy.with_clients(self.store.policy)


def admission(keyring: Keyring, pace: Pace, *, is_open: bool) -> Callable[..., Awaitable[Holder]]:
    """The dependency that lets a request in: by its key, and at its pace.

    Args:
        keyring: the keys.
        pace: how fast each holder may ask.
        is_open: whether everybody is let in while there are no keys; false where others can reach this machine.
    """
    header = APIKeyHeader(name="X-API-Key", auto_error=False)
    bearer = HTTPBearer(auto_error=False, description="the same key, for clients that cannot send X-API-Key")

    async def admit(  # not in a thread: it looks at one file's status, and under load each thread is waited for
        request: Request,
        sent: Annotated[str | None, Security(header)] = None,
        borne: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
    ) -> Holder:
        address = request.client.host if request.client else "unknown"
        if is_open and not keyring.has_keys:
            holder: Holder | None = Holder("loopback", "manager")
        else:
            holder = keyring.holder(sent or (borne.credentials if borne else None))
        pace.take(address if holder is None or holder.name == "loopback" else f"key {holder.name}")
        if holder is None:
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                "Send an API key that is not revoked in the header X-API-Key. `adgen keys add NAME` makes one.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return holder

    return admit


def require_channel(writer: Writer, channel_id: int | None) -> None:
    """Do nothing if ads can be written for a channel.

    Raises:
        HTTPException: it is not in the index.
    """
    if channel_id is not None and channel_id not in writer.channels:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            f"Channel {channel_id} is not in the index. GET /v1/channels lists those that are.",
        )
