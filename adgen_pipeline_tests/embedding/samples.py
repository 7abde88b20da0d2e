"""Posts of our own writing, enough to train an encoder on in a second."""

from pathlib import Path

import polars as pl

from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.embedding.run import train
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.schemas import DOCUMENTS
from adgen_pipeline.tracking import TrackedRun

GOODS = {
    "ጫማ": ("የቆዳ ጫማ", "ለወንዶች የሚሆን ጠንካራ ሶል ያለው", "ቁጥር ከ39 እስከ 44 ድረስ አለን"),
    "ላፕቶፕ": ("አዲስ ላፕቶፕ", "ፈጣን ፕሮሰሰር እና ረጅም ባትሪ ያለው", "ለተማሪዎችና ለቢሮ ሥራ ምቹ ነው"),
    "ሶፋ": ("ዘመናዊ ሶፋ", "ለሳሎን የሚሆን ባለ ሰባት ሰው መቀመጫ", "ከጥሩ እንጨት የተሠራ የቤት ዕቃ"),
    "መኪና": ("የቤት መኪና", "አውቶማቲክ ማርሽ ትንሽ የተነዳ", "ሙሉ ሰነድ ያለው በጥሩ ሁኔታ ላይ"),
    "ማር": ("ንጹህ ማር", "ከገጠር የመጣ የተፈጥሮ ጣፋጭ", "በኪሎ እና በግማሽ ኪሎ እንሸጣለን"),
    "ትምህርት": ("የኮምፒውተር ትምህርት", "ለጀማሪዎች በሳምንት ሦስት ቀን ስልጠና", "ሰርተፍኬት የሚሰጥ ማዕከል ነው"),
    "ስልክ": ("ዘመናዊ ስልክ", "ካሜራው ጥራት ያለው ሁለት ሲም የሚይዝ", "ከቻርጀር እና ከሽፋን ጋር ይመጣል"),
    "መድኃኒት": ("የጤና ምርመራ", "ልምድ ባላቸው ሐኪሞች የሚሰጥ አገልግሎት", "በቀጠሮ ሰዓት እንቀበላለን"),
}
PLACES = ("ቦሌ", "መገናኛ", "ፒያሳ", "ሜክሲኮ", "ካዛንቺስ", "ሳሪስ")


def documents(*, test_share: int = 6) -> pl.DataFrame:
    """48 posts of two channels; every `test_share`-th is in the test split."""
    rows = []
    for number, (place, (title, first, second)) in enumerate(
        (place, goods) for place in PLACES for goods in GOODS.values()
    ):
        post = f"{title} {place}\n{first}\n{second}\nአድራሻ {place} አካባቢ ቁጥር {number}"
        rows.append(
            {
                "channel_id": 1 + number % 2,
                "message_id": number + 1,
                "channel_name": "የናሙና ሱቅ",
                "date": None,
                "post": post,
                "text": post.replace("\n", " "),
                "search_key": post.replace("\n", " "),
                "language": "am",
                "ethiopic_share": 1.0,
                "words": len(post.split()),
                "cluster": f"{1 + number % 2}/{number + 1}",
                "duplicates_count": 0,
                "split": "test" if number % test_share == 0 else "train",
            }
        )
    return DOCUMENTS.frame(rows)


def train_encoder(folder: Path, name: str = "encoder", *, seed: int = 7) -> Encoder:
    """A small encoder trained on `documents`, in about a second."""
    table = folder / "documents.parquet"
    documents().write_parquet(table)
    recipe = EmbeddingRecipe(dimensions=32, vocabulary=500, batch_size=64, epochs=2, seed=seed)
    job = EncoderJob(documents=table, recipe=recipe, out=folder / name)
    train(job, report=Recorder(), run=TrackedRun("", None))
    return Encoder(folder / name)


class Recorder:
    """A report that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, message: str) -> None:
        self.lines.append(message)
