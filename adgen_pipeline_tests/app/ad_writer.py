"""A small writer behind the API: real briefs and records, words instead of a model."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel

from adgen_pipeline.index.search import Hit
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import fill


class WrittenAd(BaseModel):
    """The fields of generation/ads that the shapes read."""

    text: str
    slotted: str = ""
    format: str
    rank: int
    channel_id: int | None
    facts: list[dict[str, str]]
    left_out: list[str] = []
    exemplars: list[dict[str, Any]]
    policy_verdict: str = "allow"
    policy_rules: list[str] = []
    policy_tags: list[str] = []
    policy_version: str = ""
    scores: list[dict[str, Any]]
    written_by: str = "model"
    prompt_digest: str = "0123456789ab"
    model: str = "m1"
    index: str = "i1"


class Posts:
    """An index of one post."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int | None]] = []
        self.conditions: dict[str, object] = {}

    def search(
        self,
        query: str,
        *,
        k: int,
        channel_id: int | None = None,
        is_ad: bool | None = None,
        vertical: str | None = None,
        language: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Sequence[Hit]:
        """The post, as a hit."""
        self.asked.append((query, k, channel_id))
        given = {"is_ad": is_ad, "vertical": vertical, "language": language, "since": since, "until": until}
        self.conditions = {name: value for name, value in given.items() if value is not None}
        return [
            Hit(
                channel_id=7,
                message_id=1,
                post="የቆዳ ጫማ <b>አለ</b>",
                text="የቆዳ ጫማ <b>አለ</b>",
                score=0.5,
                scores={"dense": 0.4, "full_text": 1.0},
                kind="post",
                source="7/1",
                matched=("ጫማ",),
            )
        ]


class SmallWriter:
    """Writes every fact of the brief, one a line, below an opening of its own if it has one."""

    def __init__(self, channels: Mapping[int, str], *, model_version: str = "m1", opening: str = "") -> None:
        self.index = Posts()
        self.channels = channels
        self.model_version = model_version
        self.opening = opening
        self.index_version = "i1"

    def write(
        self,
        brief: Brief,
        *,
        channel_id: int | None,
        format: str = "post",
        n: int = 1,
        seed: int,
        watch: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> Sequence[WrittenAd]:
        """`n` ads."""
        opening = [self.opening] if self.opening else []
        lines = [*opening, fill(brief.product, brief.values()), *(fact.text for fact in brief.facts)]
        if watch is not None:
            watch("progress", {"stage": "drawn", "candidates": n})
            watch("candidate", {"number": 1, "text": "\n".join(lines)})
        return [
            WrittenAd(
                text="\n".join(lines),
                format=format,
                rank=rank,
                channel_id=channel_id,
                facts=[fact.model_dump(exclude={"must"}) | {"kind": fact.kind} for fact in brief.facts],
                exemplars=[{"channel_id": 7, "message_id": 1, "score": 0.5, "excerpt": "የቆዳ ጫማ አለ"}],
                scores=[{"part": "coverage", "score": 1.0}],
                slotted="\n".join(lines),
                written_by="template" if self.model_version == "template" else "model",
                model=self.model_version,
            )
            for rank in range(1, n + 1)
        ]
