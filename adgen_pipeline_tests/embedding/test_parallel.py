from pathlib import Path

import pytest

from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.embedding.parallel import read_parallel
from adgen_pipeline.embedding.run import train
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.errors import DataError
from adgen_pipeline.tracking import TrackedRun
from adgen_pipeline_tests.embedding.samples import GOODS, Recorder, documents

ENGLISH = {
    "ጫማ": "leather shoes with a strong sole for men",
    "ላፕቶፕ": "a new laptop with a fast processor",
    "ሶፋ": "a modern sofa of seven seats for the living room",
    "መኪና": "a family car with automatic gear",
    "ማር": "pure honey from the country",
    "ትምህርት": "computer lessons for beginners",
    "ስልክ": "a modern phone with a good camera",
    "መድኃኒት": "a health examination by experienced doctors",
}


def test_sentences_come_from_two_columns_or_from_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("en\tam\nshoes\tጫማ\n\tባዶ\n", encoding="utf-8")
    (tmp_path / "b.en").write_text("shoes\n\nhoney\n", encoding="utf-8")
    (tmp_path / "b.am").write_text("ጫማ\nባዶ\nማር\n", encoding="utf-8")
    assert read_parallel(tmp_path / "a.tsv") == [("shoes", "ጫማ")]
    assert read_parallel(tmp_path / "b.en") == [("shoes", "ጫማ"), ("honey", "ማር")]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param(
            {"a.en": "one\ntwo\n", "a.am": "አንድ\n"}, "2 lines, and a.am has 1", id="one side longer"
        ),
        pytest.param({"a.en": "one\n"}, "a.am: there is no such file", id="one side missing"),
        pytest.param({"a.tsv": "en\tam\none\n"}, "not two columns", id="one column"),
        pytest.param({"a.txt": "one\n"}, "neither .tsv nor .en", id="another kind"),
    ],
)
def test_files_that_are_not_parallel_are_one_sentence(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_parallel(tmp_path / next(iter(files)))


def test_with_translations_an_english_query_is_nearest_to_amharic_posts_of_the_same_goods(
    tmp_path: Path,
) -> None:
    table = tmp_path / "documents.parquet"
    documents().write_parquet(table)
    lines = [f"{ENGLISH[goods]}\t{title} {first}" for goods, (title, first, _) in GOODS.items()]
    words = [
        f"{ENGLISH[goods].split()[2]} {ENGLISH[goods].split()[1]}\t{title}"
        for goods, (title, _, _) in GOODS.items()
    ]
    (tmp_path / "goods.tsv").write_text("\n".join(["en\tam", *lines, *words]) + "\n", encoding="utf-8")
    recipe = EmbeddingRecipe(dimensions=32, vocabulary=500, batch_size=16, epochs=4)
    job = EncoderJob(
        documents=table, parallel=(tmp_path / "goods.tsv",), recipe=recipe, out=tmp_path / "encoder"
    )
    result = train(job, report=Recorder(), run=TrackedRun("", None))
    assert result["translations"] == len({*lines, *words})
    encoder = Encoder(job.out)
    posts = ["\n".join(texts) for texts in GOODS.values()]
    near = encoder.encode(list(ENGLISH.values())) @ encoder.encode(posts).T  # (queries, posts)
    assert (near.argmax(axis=1) == range(len(posts))).sum() >= 7
