"""From posts to labels with a classifier: learning, deciding, abstaining, showing what a label rests on."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest

from adgen_pipeline.label_schemas import (
    ANNOTATIONS,
    WEAK_LABELS,
)
from adgen_pipeline.label_schemas import (
    FUNCTIONS as FUNCTIONS_TABLE,
)
from adgen_pipeline.label_schemas import (
    LABELS as COLUMNS,
)
from adgen_pipeline.labels import building, drift, verdicts
from adgen_pipeline.labels import weak as weak_labelling
from adgen_pipeline.labels.classifier_scores import interval
from adgen_pipeline.labels.consensus import best_source
from adgen_pipeline.labels.functions import FUNCTIONS, LABELS
from adgen_pipeline.labels.lessons import draw, lessons
from adgen_pipeline.labels.weak import Weak, functions_table, label_posts, weak_labels
from adgen_pipeline.recipe import FurtherLabels, LabelsRecipe
from adgen_pipeline.schemas import FINGERPRINTS, POST_LABELS

KEY = ["channel_id", "message_id"]
NO_FINGERPRINTS = FINGERPRINTS.empty().select(*KEY, "bands")
THINGS = {"retail": ["ጫማ", "ቀሚስ", "ሸሚዝ", "ቦርሳ"], "computing_electronics": ["ላፕቶፕ", "ኮምፒውተር", "ፕሪንተር", "ታብሌት"]}
FILLERS = ["አዲስ የገባ", "ጥራት ያለው", "በብዛት አለን", "ለሁሉም የሚሆን", "ዛሬ ደርሷል"]
GREETINGS = ["መልካም በዓል ለሁላችሁ", "እንደምን አደራችሁ ወዳጆች", "ዛሬ ዝናብ ይጠበቃል", "ስብሰባው ነገ ይቀጥላል"]
INSULTS, KIND = ["ጉረኛ መሰሪ", "ሰነፍ ከንቱ"], ["ጎበዝ ተማሪ", "ደግ ሰው"]


def _posts(count: int = 150) -> pl.DataFrame:
    rng = Random(4)
    texts = []
    for number in range(count):
        if number % 3 == 0:
            texts.append(f"{rng.choice(GREETINGS)} {number}")
        else:
            things = THINGS[list(THINGS)[number % 2]]
            texts.append(f"{rng.choice(things)} {rng.choice(FILLERS)} ዋጋ {number + 100}0 ብር ይደውሉ 0900000011")
    return pl.DataFrame(
        {"channel_id": [1] * count, "message_id": range(1, count + 1), "post": texts}
    ).with_columns(is_empty=pl.lit(value=False))


@pytest.fixture(scope="module")
def posts() -> pl.DataFrame:
    return _posts()


@pytest.fixture(scope="module")
def weak(posts: pl.DataFrame) -> Weak:
    return weak_labels(posts, minimum_score=1.0)


def _labelled(folder: Path) -> LabelsRecipe:
    rng = Random(6)
    lines = [
        f"__label__{'bad' if bad else 'fine'}\t{rng.choice(INSULTS if bad else KIND)} {number} {rng.choice(FILLERS)}"
        for number in range(60)
        for bad in (True, False)
    ]
    (folder / "texts.txt").write_text("\n".join(lines), encoding="utf-8")
    source = FurtherLabels(
        name="texts", licence="own", path="texts.txt", label="profanity", given_by=("bad",)
    )
    return LabelsRecipe(further=(source,), training_texts=120)


@pytest.fixture(scope="module")
def folder(posts: pl.DataFrame, weak: Weak, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that learnt from the posts and from further texts."""
    out = tmp_path_factory.mktemp("classifier")
    made = building.lesson(
        posts,
        weak.table,
        ANNOTATIONS.empty(),
        NO_FINGERPRINTS,
        recipe=_labelled(out),
        labelled=out,
    )
    (out / "made").mkdir()
    facts = made.build(out / "made")
    assert {name.split("_")[0] for name in building.metrics(facts)} == {"precision", "recall"}
    return out / "made"


def test_tables_conform_and_name_labels_in_one_order(posts: pl.DataFrame, weak: Weak) -> None:
    assert COLUMNS == LABELS
    assert WEAK_LABELS.violations(weak.table) == []
    table = functions_table(weak, label_posts(posts, minimum_score=1.0))
    assert FUNCTIONS_TABLE.violations(table) == []
    assert set(table["function"]) <= set(FUNCTIONS)
    assert table.filter(function="price", label="ad")["human_accuracy"].to_list() == [1.0]


def test_posts_are_labelled_by_the_classifier_where_it_speaks(
    folder: Path, posts: pl.DataFrame, weak: Weak
) -> None:
    table = verdicts.load(folder).label_posts(posts, weak.table)
    assert POST_LABELS.violations(table) == []
    assert table["is_ad"].to_list() == [number % 3 != 0 for number in range(posts.height)]
    assert set(table.filter("is_ad")["vertical"]) == set(THINGS)
    assert table["source"].value_counts().filter(source="model")["count"].item() > posts.height / 2


def test_a_text_of_another_world_is_left_to_the_rules(folder: Path) -> None:
    found: dict[str, Any] = verdicts.load(folder).predict(
        "የላሊበላ ጉብኝት እና የአውሮፕላን ቲኬት 18,500 ብር ይደውሉ 0900000011", minimum_score=1.0
    )
    assert found["vertical"] == "travel"
    assert set(found["scores"]) == set(LABELS)


def test_a_tag_that_texts_taught_shows_the_word_it_rests_on(folder: Path) -> None:
    text = "ዛሬ ስብሰባ ላይ መሰሪ ነበር"
    found: dict[str, Any] = verdicts.load(folder).predict(text, minimum_score=1.0)
    assert found["tags"] == ["profanity"]
    (sign,) = [sign for sign in found["evidence"] if sign["label"] == "profanity"]
    assert text[sign["start"] : sign["end"]] == "መሰሪ"
    assert verdicts.load(folder).predict("ዛሬ ስብሰባ ላይ ጎበዝ ተማሪ ነበር", minimum_score=1.0)["tags"] == []


def test_the_same_lesson_makes_the_same_bytes_and_another_one_another_version(
    folder: Path, posts: pl.DataFrame, weak: Weak, tmp_path: Path
) -> None:
    def of(answers: pl.DataFrame) -> building.Lesson:
        return building.lesson(
            posts, weak.table, answers, NO_FINGERPRINTS,
            recipe=_labelled(folder.parent), labelled=folder.parent,
        )  # fmt: skip

    made = of(ANNOTATIONS.empty())
    made.build(tmp_path)
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == files
    answer = {
        "channel_id": 1,
        "message_id": 1,
        "annotator": "sara",
        "labels": ["ad"],
        "is_skipped": False,
        "source": "a",
    }
    assert of(ANNOTATIONS.frame([answer])).digest() != made.digest()


def test_a_classifier_with_a_number_that_is_none_is_unsound(folder: Path, tmp_path: Path) -> None:
    assert verdicts.unsound(folder) == []
    made = verdicts.load(folder).classifier
    replace(made, bias=np.full_like(made.bias, np.nan)).save(tmp_path)
    assert verdicts.unsound(tmp_path) == ["a weight is not finite"]


def test_people_come_before_the_classifier(folder: Path, posts: pl.DataFrame, weak: Weak) -> None:
    automatic = verdicts.load(folder).label_posts(posts, weak.table)
    row = {
        **automatic.row(0, named=True),
        "source": "human",
        "is_ad": True,
        "vertical": "media",
        "verticals": ["media"],
    }
    table = best_source(automatic, POST_LABELS.frame([row]))
    assert table.row(0, named=True)["vertical"] == "media"
    assert table.height == posts.height


def test_posts_that_people_know_and_rare_labels_are_drawn_first(posts: pl.DataFrame, weak: Weak) -> None:
    human = label_posts(posts, minimum_score=1.0).head(3)
    drawn = draw(posts, weak.table, human, count=20, seed=7)
    assert drawn.filter(pl.col("human").is_not_null()).height == 3
    assert drawn.height == 23
    assert (
        draw(posts.head(140), weak.table.head(140), human, count=20, seed=7).join(drawn, on=KEY).height > 15
    )


def test_posts_that_share_a_band_are_held_out_together_and_so_are_equal_texts(
    posts: pl.DataFrame, weak: Weak
) -> None:
    drawn = draw(posts, weak.table, POST_LABELS.empty(), count=4, seed=7)
    keys = drawn.select(KEY).rows()
    bands = [[row * 100 + band for band in range(18)] for row in range(4)]
    bands[2][17] = bands[0][17]
    prints = pl.DataFrame(
        {"channel_id": [c for c, _ in keys], "message_id": [m for _, m in keys], "bands": bands},
        schema=NO_FINGERPRINTS.schema,
    )
    further = {"politics": [("ፓርላማ", True), (" ፓርላማ ", True), ("ጫማ", False)]}
    known = lessons(drawn, prints, further)
    assert known.clusters.tolist() == [0, 1, 0, 2, 3, 3, 4]
    assert known.weights[4:].sum() == 3
    assert known.is_said[4:, LABELS.index("politics")].all()


def test_shares_that_move_are_named_and_a_first_version_moves_nothing(posts: pl.DataFrame) -> None:
    now = drift.shares(label_posts(posts, minimum_score=1.0))
    assert set(now) == {f"share_of_{label}" for label in LABELS}
    assert drift.moved(now, now, maximum=0.1) == []
    assert drift.moved(now, {}, maximum=0.1) == []
    before = {**now, "share_of_ad": 0.1}
    (said,) = drift.moved(now, before, maximum=0.1)
    assert said.startswith("ad: 0.100 of the posts had it")
    assert drift.shares(POST_LABELS.empty()) == {}
    assert drift.of_metadata({**now, "path": "x", "ads": 3}) == now


def test_an_interval_holds_its_share() -> None:
    share, low, high = interval(9, 10)
    assert (share, low < 0.9 < high) == (0.9, True)
    assert interval(0, 0) == (0.0, 0.0, 1.0)


def test_channels_whose_texts_are_read_one_after_the_other_give_the_table_of_all_at_once(
    folder: Path, posts: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = posts.with_columns(channel_id=pl.col("message_id") % 4 + 1).with_columns(
        post=pl.when(pl.col("channel_id") == 2).then(pl.col("post") + "\nየአበባ ሱቅ").otherwise("post")
    )  # the second channel signs its posts
    keys = several.sort(KEY)
    parts = list(weak_labelling.by_channels(several.lazy(), keys))
    assert len(parts) == 1
    assert parts[0].equals(keys.select(*KEY, "post"))
    labeller = verdicts.load(folder)
    at_once = weak_labels(several, minimum_score=1.0).table
    labelled = labeller.label_posts(several, at_once)
    monkeypatch.setattr(weak_labelling, "TEXTS_HELD", 1)
    assert [part["channel_id"].unique().to_list() for part in weak_labelling.by_channels(several.lazy(), keys)] == [
        [1], [2], [3], [4]
    ]  # fmt: skip
    assert weak_labels(several.lazy(), minimum_score=1.0).table.equals(at_once)
    assert labeller.label_posts(several.lazy(), at_once).equals(labelled)


def test_blocks_of_posts_give_the_table_of_all_at_once(
    posts: pl.DataFrame, weak: Weak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adgen_pipeline.labels.weak.BLOCK_ROWS", 7)
    assert weak_labels(posts, minimum_score=1.0).table.equals(weak.table)
    assert weak.table.height > 7
