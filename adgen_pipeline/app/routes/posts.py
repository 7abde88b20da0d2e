"""What is known of the market: posts that are found, channels with their profiles."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response

from adgen_pipeline.app.bodies import AdviceRequest
from adgen_pipeline.app.problems import ALWAYS, documented
from adgen_pipeline.app.routes.shared import Parts, require_channel
from adgen_pipeline.app.shapes import AdviceShape, ChannelShape, FoundShape, HitShape, ProfileShape
from adgen_pipeline.artifacts import Store
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.generation.channels import advise


def add(app: FastAPI, parts: Parts) -> None:
    """Add /v1/search, /v1/channels and /v1/channels/advice."""

    @app.get(
        "/v1/search", summary="Find posts", tags=["posts"], dependencies=[Depends(parts.admit)],
        response_model=FoundShape, responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND),
    )  # fmt: skip
    async def search(
        q: Annotated[
            str,
            Query(min_length=1, max_length=500, description="words, Amharic or English", examples=["የቆዳ ጫማ"]),
        ],
        k: Annotated[int, Query(ge=1, le=100, description="hits at most")] = 10,
        channel_id: Annotated[int | None, Query(ge=-(2**63), lt=2**63)] = None,
        is_ad: Annotated[bool | None, Query(description="ads alone, or what is none")] = None,
        vertical: Annotated[str | None, Query(max_length=50)] = None,
        language: Annotated[str | None, Query(max_length=20, description="am, mixed, en …")] = None,
        since: Annotated[date | None, Query(description="first day of a post")] = None,
        until: Annotated[date | None, Query(description="last day of a post")] = None,
    ) -> Response:
        """Posts by meaning and by words, best first, with the parts of each score and the words that matched."""
        writer = parts.engine.loaded()
        require_channel(writer, channel_id)

        def found() -> str:
            hits = writer.index.search(
                q,
                k=k,
                channel_id=channel_id,
                is_ad=is_ad,
                vertical=vertical,
                language=language,
                since=since,
                until=until,
            )
            shapes = [HitShape.model_validate(hit) for hit in hits]
            return FoundShape(query=q, hits=shapes).model_dump_json()

        return Response(await parts.precedence.first(found), media_type="application/json")

    @app.get(
        "/v1/channels", summary="Channels to write for", tags=["posts"], dependencies=[Depends(parts.admit)],
        responses=documented(*ALWAYS),
    )  # fmt: skip
    def channels() -> list[ChannelShape]:
        """Channels of the index with their profiles, by name."""
        named = parts.engine.loaded().channels
        known = profiles(parts.store)
        return [
            ChannelShape(channel_id=key, name=name, profile=known.get(key))
            for key, name in sorted(named.items(), key=lambda c: (c[1], c[0]))
        ]

    @app.post(
        "/v1/channels/advice", summary="Which channels suit a brief", tags=["posts"],
        dependencies=[Depends(parts.admit)], responses=documented(*ALWAYS),
    )  # fmt: skip
    async def advice(request: AdviceRequest) -> list[AdviceShape]:
        """Channels, the best for the brief first: what they post about, in which language, how much and when."""

        def advised() -> list[AdviceShape]:
            brief = request.understood(parts.policy())
            index = parts.engine.loaded().index
            known = parts.store.read_table(CHANNEL_PROFILES)
            ranked = advise(brief, index, known, minimum_score=parts.minimum_score, language=request.language)
            return [AdviceShape.model_validate(channel) for channel in ranked[: request.k]]

        return await parts.precedence.first(advised)


def profiles(store: Store) -> dict[int, ProfileShape]:
    """Profiles by channel; none where the corpus was not explored yet."""
    if not store.table_path(CHANNEL_PROFILES).is_file():
        return {}
    rows = store.read_table(CHANNEL_PROFILES).iter_rows(named=True)
    return {row["channel_id"]: ProfileShape.of(row) for row in rows}
