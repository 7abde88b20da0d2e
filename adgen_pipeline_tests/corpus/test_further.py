import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import further
from adgen_pipeline.recipe import CorpusRecipe, FurtherCorpus
from adgen_pipeline.schemas import DOCUMENTS, FURTHER_DOCUMENTS, FURTHER_DROP_REASONS, FURTHER_DROPS

HELD = "ጥቁር የቆዳ ጫማ ዛሬ ከ 38 እስከ 43 ቁጥር በ 1200 ብር መገናኛ ይምጡ"
OTHER = "የከተማው ገበያ ነገ ጠዋት ሁለት ሰዓት ይከፈታል ሲሉ ነጋዴዎች ተናገሩ"
THIRD = "በክልሉ ያለው የመንገድ ግንባታ ሥራ በመጪው ዓመት ይጠናቀቃል ተባለ"


def recipe(*names: str, **values: object) -> CorpusRecipe:
    corpora = [FurtherCorpus(name=n, licence=f"licence of {n}", path=f"{n}.txt", **values) for n in names]
    return CorpusRecipe(further=tuple(corpora))


def rows(*texts: str | None) -> pl.DataFrame:
    values = {"origin": ["a.txt"] * len(texts), "row": range(1, len(texts) + 1), "raw": texts}
    return pl.DataFrame(values, schema={"origin": pl.String, "row": pl.Int64, "raw": pl.String})


def held(*posts: str) -> pl.DataFrame:
    return pl.DataFrame(
        [{"channel_id": 5, "message_id": n, "post": post} for n, post in enumerate(posts, 1)],
        schema={"channel_id": pl.Int64, "message_id": pl.Int64, "post": pl.String},
    )


def made(*texts: str | None, posts: pl.DataFrame | None = None) -> further.Further:
    return further.build(
        {"news": rows(*texts)}, held(HELD) if posts is None else posts, recipe=recipe("news")
    )


def reasons(found: further.Further) -> dict[int, str]:
    return dict(found.drops.select("row", "reason").iter_rows())


def test_a_text_is_kept_whole_with_its_licence_and_language() -> None:
    found = made(f"  {OTHER}\nዓለም።። ").documents
    assert FURTHER_DOCUMENTS.violations(found) == []
    row = found.to_dicts()[0]
    assert (row["source"], row["origin"], row["row"], row["licence"]) == (
        "news",
        "a.txt",
        1,
        "licence of news",
    )
    assert row["post"].strip().startswith(OTHER)
    assert "ኣለም" in row["text"]
    assert "\n" not in row["text"]
    assert row["language"] == "am"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "unreadable"),
        (" \n", "empty"),
        ("ሁለት ቃላት", "too_short"),
        ("The market opens tomorrow morning at nine, traders said on Friday", "not_amharic"),
        (HELD, "exact_duplicate"),
        (f"{HELD} 🔥 #ጫማ @abc_sample_shop t.me/abc_sample_shop", "holds_held_out"),
        (HELD.replace("1200", "1300"), "near_duplicate"),
        (f"{OTHER}። {HELD} 🔥 {THIRD}", "holds_held_out"),
        (f"🔥 {HELD.replace(' ', '  ')}\n☎️ {OTHER}", "holds_held_out"),
    ],
    ids=[
        "unreadable",
        "empty",
        "short",
        "english",
        "held",
        "held with signs",
        "near held",
        "holds held",
        "holds it in other dress",
    ],
)
def test_a_row_is_dropped_for_the_reason_that_applies(text: str | None, reason: str) -> None:
    long = HELD + " በነፃ እናደርሳለን ይደውሉልን እንዲሁም በተለያዩ ቀለሞች ያገኛሉ"
    found = made(text, THIRD, posts=held(HELD if reason != "near_duplicate" else long))
    if reason == "near_duplicate":
        found = made(long.replace("ቀለሞች", "ቀለማት"), THIRD, posts=held(long))
    assert FURTHER_DROPS.violations(found.drops) == []
    assert reasons(found) == {1: reason}
    assert reason in FURTHER_DROP_REASONS
    assert found.documents["row"].to_list() == [2]


def test_a_drop_names_the_held_out_post_or_the_text_that_stands_for_it() -> None:
    found = made(OTHER, OTHER, HELD, f"{THIRD} {HELD}")
    drops = {row["row"]: row for row in found.drops.to_dicts()}
    assert (drops[2]["kept_source"], drops[2]["kept_origin"], drops[2]["kept_row"]) == ("news", "a.txt", 1)
    assert drops[2]["kept_message_id"] is None
    for row in (3, 4):
        assert (drops[row]["kept_channel_id"], drops[row]["kept_message_id"]) == (5, 1)
        assert drops[row]["kept_source"] is None


def test_the_corpus_named_first_keeps_a_text_that_two_have() -> None:
    both = {"a": rows(OTHER), "b": rows(OTHER, THIRD)}
    found = further.build(both, held(), recipe=recipe("a", "b"))
    assert found.documents.select("source", "row").rows() == [("a", 1), ("b", 2)]
    assert found.drops.select("source", "row", "kept_source").rows() == [("b", 1, "a")]


def test_short_held_out_phrases_do_not_cost_long_texts() -> None:
    found = made(f"ስለ ገበያው {OTHER}", posts=held("የከተማው ገበያ ነገ ጠዋት"))
    assert found.drops.is_empty()


def test_an_article_may_be_longer_than_a_post_up_to_the_corpus_own_limit() -> None:
    article = " ".join(f"{OTHER} {n}።" for n in range(150))
    assert len(article) > CorpusRecipe().maximum_chars
    assert made(article).documents.height == 1
    short = further.build({"news": rows(article)}, held(), recipe=recipe("news", maximum_chars=5000))
    assert reasons(short) == {1: "too_long"}


def test_only_posts_that_are_not_trained_on_are_held_out() -> None:
    posts = DOCUMENTS.frame(
        [
            {"channel_id": 1, "message_id": n, "split": split}
            for n, split in enumerate(("train", "validation", "test"))
        ]
    )
    assert further.held_out_posts(posts.lazy())["message_id"].to_list() == [1, 2]


def test_rows_that_are_both_or_neither_are_told() -> None:
    found = made(OTHER, THIRD, None)
    assert further.unaccounted(found.documents, found.drops) == []
    lost = further.unaccounted(found.documents.filter(pl.col("row") != 1), found.drops)
    assert lost == ["news: 1 rows of a.txt are neither"]
    twice = found.drops.with_columns(pl.lit(2, pl.Int64).alias("row"))
    assert "news: a.txt row 2 is both" in further.unaccounted(found.documents, twice)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from([None, "", HELD, OTHER, THIRD, OTHER + " " + THIRD, "hello", f"{THIRD} {HELD}"]),
        min_size=1,
        max_size=8,
    )
)
def test_each_row_is_a_document_or_a_drop(texts: list[str | None]) -> None:
    found = made(*texts)
    assert sorted(found.documents["row"].to_list() + found.drops["row"].to_list()) == list(
        range(1, len(texts) + 1)
    )
    assert not any(HELD in post for post in found.documents["post"])
    again = made(*texts)
    assert again.documents.equals(found.documents)
    assert again.drops.equals(found.drops)


def test_a_corpus_of_which_nothing_is_left_gives_empty_tables() -> None:
    found = made(None, posts=held())
    assert (found.documents.height, found.drops.height) == (0, 1)
    assert FURTHER_DOCUMENTS.violations(found.documents) == []


def test_a_held_out_post_with_its_tags_links_and_contacts_never_comes_back_as_a_text() -> None:
    post = f"🔥 ቅናሽ\n{HELD}\n☎️ 0900 00 00 12 @abc_sample_shop\nt.me/abc_sample_shop #ጫማ #ቅናሽ #አዲስ_አበባ"
    for text in (
        post,
        post.lower(),
        post.replace("\n", " "),
        post.replace("🔥 ", ""),
        f"{OTHER}\n{post}\n{THIRD}",
    ):
        found = made(text, posts=held(post))
        assert found.documents.is_empty()
        assert found.drops["kept_message_id"].to_list() == [1]
