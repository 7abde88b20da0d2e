"""Ads, cases and answers for the evaluation tests: our own words and contacts that belong to nobody."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from adgen_pipeline.evaluation.background import Background, read_background
from adgen_pipeline.evaluation_schemas import ANSWERS, CASES
from adgen_pipeline.schemas import ADS, DOCUMENTS
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.slots import fill

SLOTTED = (
    "አዲስ የሴቶች ጫማ አስገብተናል\nጥራቱን የጠበቀ እና ለረጅም ጉዞ ምቹ የሆነ\nዋጋ ⟨price_1⟩\nለማዘዝ ⟨phone_1⟩ ይደውሉ\n⟨location_1⟩ ይጎብኙን"
)
BRIEF = Brief(
    product="የሴቶች ጫማ",
    features=("ለረጅም ጉዞ ምቹ",),
    facts=(
        BriefFact(slot="⟨price_1⟩", text="1,700 ብር", value="1700 ETB", source="offer"),
        BriefFact(slot="⟨phone_1⟩", text="+251 900 000 001", value="+251900000001", source="contact"),
        BriefFact(slot="⟨location_1⟩", text="ቦሌ መድኃኔዓለም", value="ቦሌ መድኃኔዓለም", source="location"),
    ),
)
AD = fill(SLOTTED, BRIEF.values())


def ads(channels: int = 3, posts: int = 10, *, split: str = "test") -> pl.DataFrame:
    """ADS rows of one split."""
    return ADS.frame(
        [
            {
                "channel_id": channel,
                "message_id": message,
                "split": split,
                "vertical": "retail",
                "post": AD,
                "target": SLOTTED,
                "slots": [],
                "brief": BRIEF.model_dump_json(),
            }
            for channel in range(1, channels + 1)
            for message in range(1, posts + 1)
        ]
    )


def cases(count: int) -> pl.DataFrame:
    """CASES that all have the same brief."""
    return CASES.frame(
        [
            {
                "case_id": f"1/{n}",
                "channel_id": 1,
                "message_id": n,
                "brief": BRIEF.model_dump_json(),
                "reference": AD,
                "reference_slotted": SLOTTED,
            }
            for n in range(1, count + 1)
        ]
    )


def answers(texts: dict[str, list[str]], slotted: str = SLOTTED) -> pl.DataFrame:
    """ANSWERS: by system, a text for each case."""
    return ANSWERS.frame(
        [
            {
                "system": system,
                "case_id": f"1/{n}",
                "text": text,
                "slotted": slotted,
                "written_by": "template" if system == "template" else "model",
            }
            for system, written in texts.items()
            for n, text in enumerate(written, 1)
        ]
    )


class LetterEncoder:
    """An encoder of how often each of 32 letters occurs: near texts have near letters."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts, 32)."""
        vectors = np.zeros((len(texts), 32), dtype=np.float32)
        for row, text in enumerate(texts):
            for letter in "".join(text.split()):
                vectors[row, ord(letter) // 8 % 32] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, 1)


def documents(texts: Sequence[str], *, split: str = "train") -> pl.DataFrame:
    """DOCUMENTS of one split, a post each."""
    return DOCUMENTS.frame(
        [
            {"channel_id": 1, "message_id": n, "split": split, "post": text, "search_key": search_key(text)}
            for n, text in enumerate(texts, start=1)
        ]
    )


def background(texts: Sequence[str] = (AD,)) -> Background:
    """A training split of these posts."""
    return read_background(documents(texts), LetterEncoder(), minimum_score=1.0)
