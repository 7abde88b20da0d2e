from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.labels.aliases import canonical
from adgen_pipeline.labels.consensus import labelled_posts
from adgen_pipeline.labels.matching import Entry, Matcher
from adgen_pipeline.labels.rules import predict
from adgen_pipeline.labels.taxonomy import TAGS, VERTICALS
from adgen_pipeline.labels.weak import label_posts
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS, POSTS
from adgen_pipeline.telegram.sample_text import ad, channels, products, story


def _posts(texts: list[str], channel_id: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "channel_id": [channel_id] * len(texts),
            "message_id": list(range(1, len(texts) + 1)),
            "date": [datetime(2024, 1, 1, tzinfo=UTC)] * len(texts),
            "post": texts,
            "text": [" ".join(text.split()) for text in texts],
            "is_empty": [not text for text in texts],
        },
        schema={
            name: POSTS.dtypes[name]
            for name in ("channel_id", "message_id", "date", "post", "text", "is_empty")
        },
    )


@pytest.mark.parametrize(
    ("text", "vertical"),
    [
        ("ንጹህ የቆዳ ጫማ ከ39 እስከ 44 ቁጥር ዋጋ 2800 ብር ይደውሉ 0900000011", "retail"),
        ("የ2014 ሞዴል መኪና ለሽያጭ ቀርቧል። ዋጋ 2.1 ሚሊዮን ብር 0900000011", "automotive"),
        ("በባንካችን የቁጠባ ሒሳብ ከፍተው 9% ወለድ ያግኙ። ለበለጠ መረጃ 0900000011 ይደውሉ", "financial_services"),
        ("ወርሃዊ የኢንተርኔት ጥቅል በ450 ብር ብቻ! በ*000# ይግዙ", "telecom"),
        ("የፀጉር ዘይት እና ሎሽን በተመጣጣኝ ዋጋ፣ 650 ብር፣ ለማዘዝ 0900000011", "cpg"),
        ("የላሊበላ ጉብኝት፦ የአውሮፕላን ቲኬት እና ሆቴል ያካትታል። 18,500 ብር። ይደውሉ 0900000011", "travel"),
        ("Core i7 laptop, 16GB RAM, 512GB SSD. Price 62000 birr. Call 0900000011", "computing_electronics"),
        ("የሕትመት ሥራዎች፦ ባነር፣ ብሮሹር እና ቢዝነስ ካርድ። ለማዘዝ 0900000011", "media"),
        ("ታላቅ የሙዚቃ ኮንሰርት በሚሊኒየም አዳራሽ። ቲኬት 800 ብር፣ 0900000011 ይደውሉ", "entertainment"),
        ("የጥርስ ሕክምና ክሊኒክ ጀምረናል። ቀጠሮ ለመያዝ 0900000011 ይደውሉ", "healthcare_pharma"),
    ],
    ids=VERTICALS,
)
def test_an_ad_of_each_vertical_is_recognised(text: str, vertical: str) -> None:
    found = predict(text, minimum_score=1.0)
    assert found["is_ad"]
    assert found["vertical"] == vertical


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("የስፖርት ውርርድ እና ቁማር ሱስ ይሆናል።", "gambling"),
        ("ጠቅላይ ሚኒስትሩ ለሕዝብ ተወካዮች ምክር ቤት ማብራሪያ ሰጡ።", "politics"),
        ("አንተ ደደብ ባለጌ ነህ።", "profanity"),
        ("በቤተ ክርስቲያን የጸሎት ሥነ ሥርዓት ተካሄደ።", "religious"),
        ("Parliament will hold an election in June.", "politics"),
    ],
)
def test_each_tag_is_recognised_without_an_ad(text: str, tag: str) -> None:
    found = predict(text, minimum_score=1.0)
    assert tag in found["tags"]  # type: ignore[operator]
    assert not found["is_ad"]
    assert found["vertical"] is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "እንኳን ለአዲስ ዓመት በሰላም አደረሳችሁ!",
        "በሐዋሳ ከተማ የድልድይ ግንባታ 85 በመቶ መድረሱን የከተማው አስተዳደር ገለጸ። ወጪው 120 ሚሊዮን ብር ነው።",
        "የጤና ቢሮ በሆስፒታሉ 12 አዲስ ሐኪሞች መቀጠራቸውን አስታወቀ።",
        "⚽️ ጨዋታው ተጠናቀቀ! ሸገር ኮከብ 2 - 1 ጊቤ ወንዝ።",
    ],
    ids=["empty", "greeting", "news with an amount", "news on health", "sport"],
)
def test_what_sells_nothing_is_no_ad(text: str) -> None:
    found = predict(text, minimum_score=1.0)
    assert not found["is_ad"]
    assert found["verticals"] == []


@pytest.mark.parametrize("form", ["ላፕቶፕ", "ላፕቶፑን", "ላፕቶፖች", "የላፕቶፕ", "በላፕቶፖቹ", "ከላፕቶፖች", "ለላፕቶፕም"])
def test_prefixes_suffixes_and_plurals_hide_no_word(form: str) -> None:
    found = predict(f"{form} ዋጋ 40000 ብር ይደውሉ 0900000011", minimum_score=1.0)
    assert found["vertical"] == "computing_electronics"


@pytest.mark.parametrize("spelling", ["ሕክምና", "ህክምና", "ኅክምና"])
def test_homophone_spellings_are_the_same_word(spelling: str) -> None:
    assert predict(f"{spelling} ለማግኘት ይደውሉ 0900000011", minimum_score=1.0)["vertical"] == "healthcare_pharma"


def test_a_place_near_the_shop_is_not_what_it_sells() -> None:
    text = "የቆዳ ጫማ 2500 ብር። አድራሻ፦ ከአምባ ሆቴል አጠገብ፣ ከዳሸን ባንክ ፊት ለፊት። 0900000011"
    assert predict(text, minimum_score=1.0)["verticals"] == ["retail"]


def test_a_post_can_bear_several_verticals_likeliest_first() -> None:
    text = "ላፕቶፕ፣ ኮምፒውተር እና ፕሪንተር፤ ደግሞም ጫማ እና ቀሚስ እንሸጣለን። 0900000011"
    found = predict(text, minimum_score=1.0)
    assert found["verticals"] == ["computing_electronics", "retail"]
    assert found["vertical"] == "computing_electronics"


def test_links_and_handles_are_not_read_as_words() -> None:
    quiet = predict("መልካም ቀን https://example.com/laptop-for-sale @laptop_sample_shop", minimum_score=1.0)
    assert quiet["scores"]["computing_electronics"] == 0  # type: ignore[index]


def test_scores_are_probabilities_that_cross_one_half_at_the_threshold() -> None:
    text = "ላፕቶፕ ለሽያጭ 40000 ብር 0900000011"
    for minimum in (0.5, 1.0, 3.0):
        found: dict[str, Any] = predict(text, minimum_score=minimum)
        assert set(found["scores"]) == {*VERTICALS, *TAGS, "ad"}
        assert found["is_ad"] == (found["scores"]["ad"] >= 0.5)
        assert all(found["scores"][v] >= 0.5 for v in found["verticals"])


@given(st.text(alphabet="ሀሁሂላፕቶጫማዋጋብር አዐጸፀ።፣abcdefgh0123456789 @#/:.\n", max_size=200))
def test_any_text_gets_labels_of_the_closed_lists(text: str) -> None:
    found: dict[str, Any] = predict(text, minimum_score=1.0)
    assert set(found["verticals"]) <= set(VERTICALS)
    assert set(found["tags"]) <= set(TAGS)
    assert found["vertical"] == (found["verticals"][0] if found["verticals"] else None)
    assert found["is_ad"] or not found["verticals"]
    assert all(0 <= score < 1 for score in found["scores"].values())


def test_label_posts_makes_the_table_and_leaves_posts_without_text_out() -> None:
    table = label_posts(_posts(["ላፕቶፕ ለሽያጭ 40000 ብር 0900000011", "", "መልካም በዓል"]), minimum_score=1.0)
    assert POST_LABELS.violations(table) == []
    assert table["message_id"].to_list() == [1, 3]
    assert table["is_ad"].to_list() == [True, False]
    assert set(table["source"]) == {"rule"}
    first = table.row(0, named=True)
    words = {sign["word"]: sign for sign in first["evidence"]}
    assert {"ላፕቶፕ", "ለሽያጭ", "price", "phone"} <= set(words)
    assert "0900000011" not in words


def test_no_posts_give_an_empty_table() -> None:
    assert label_posts(_posts([]), minimum_score=1.0).height == 0


def test_signature_lines_of_a_channel_are_no_topic() -> None:
    signature = "ክፍያ በባንክ ብድር ወይም በሞባይል ባንኪንግ አክሲዮን"
    texts = [f"ጫማ {n} ዋጋ {n}00 ብር\n{signature}\n0900000011" for n in range(10, 20)]
    assert predict(texts[0], minimum_score=1.0)["vertical"] == "financial_services"
    assert set(label_posts(_posts(texts), minimum_score=1.0)["vertical"]) == {"retail"}


@pytest.mark.parametrize(
    ("text", "tag", "span"),
    [
        ("📢 አንተ ደደቡ ዝም በል", "profanity", "ደደቡ"),
        ("ዛሬ በቤተ ክርስቲያኑ ጸሎት ነበር", "religious", "በቤተ ክርስቲያኑ"),
        ("የስፖርት ውርርድ ይጫወቱ", "gambling", "የስፖርት ውርርድ"),
        ("𝐖𝐚𝐫 and the parliament", "politics", "parliament"),
    ],
)
def test_a_tag_shows_where_the_words_stand_that_triggered_it(text: str, tag: str, span: str) -> None:
    found: dict[str, Any] = predict(text, minimum_score=1.0)
    assert span in {text[s["start"] : s["end"]] for s in found["evidence"] if s["label"] == tag}


def test_what_is_denied_to_be_for_sale_is_no_ad() -> None:
    assert predict("ካርዱ የሚሸጥ ነው", minimum_score=1.0)["is_ad"]
    assert not predict("ካርዱ የሚሸጥ አይደለም", minimum_score=1.0)["is_ad"]


def test_a_call_for_gifts_is_no_ad_though_it_has_a_phone_and_an_address() -> None:
    text = "ለተቸገሩ ሕፃናት ደብተር እና ልብስ በማሰባሰብ ላይ ነን። አድራሻ፦ ፒያሳ። ይደውሉ 0900000011። ድጋፍ ያድርጉ።"
    assert not predict(text, minimum_score=1.0)["is_ad"]


def test_labelled_posts_joins_verticals_tags_and_ad_sorted() -> None:
    posts = _posts(["ላፕቶፕ ለሽያጭ 40000 ብር 0900000011", "አንተ ደደብ", "መልካም በዓል", ""])
    joined = labelled_posts(posts, label_posts(posts, minimum_score=1.0))
    assert LABELLED_POSTS.violations(joined) == []
    assert joined["labels"].to_list() == [["ad", "computing_electronics"], ["profanity"], []]


@pytest.mark.parametrize(
    "text",
    [
        "ባለ 3 መኝታ አፓርትመንት በ120 ካሬ ለሽያጭ ቀርቧል። የባንክ ብድር ተመቻችቷል። 0900000011",
        "የኮምፒውተር ሥልጠና ኮርስ ምዝገባ ጀምረናል፤ ማሠልጠኛ ተቋማችን ይመዝገቡ 0900000011",
        "ክፍት የሥራ ቦታ፦ የሂሳብ ሠራተኛ፣ የሥራ ልምድ 2 ዓመት። 0900000011 ይደውሉ",
    ],
    ids=["real estate", "education", "jobs"],
)
def test_what_lies_outside_the_ten_verticals_is_an_ad_without_one(text: str) -> None:
    found = predict(text, minimum_score=1.0)
    assert found["is_ad"]
    assert found["verticals"] == []


def test_a_shop_that_names_a_school_keeps_its_vertical() -> None:
    assert predict("የትምህርት ቤት ቦርሳ 1200 ብር 0900000011", minimum_score=1.0)["vertical"] == "retail"


def test_a_post_signed_by_a_known_advertiser_is_its_ad() -> None:
    text = "አብረን እንደግ፤ ሁሌም ከጎናችሁ ነን!\n\n#DashenBank #AlwaysOneStepAhead"
    found = predict(text, minimum_score=1.0)
    assert found["is_ad"]
    assert found["vertical"] == "financial_services"
    assert not predict(text.replace("Dashen", "Sample"), minimum_score=1.0)["is_ad"]


@pytest.mark.parametrize("mark", ["ADVERTISEMENT", "ADVERTISMENT\n", "📣 Advertisement: "])
def test_a_channels_mark_for_ads_changes_nothing(mark: str) -> None:
    for text in ("የከተማው አስተዳደር ስብሰባ አካሄደ", "ላፕቶፕ ለሽያጭ 40000 ብር 0900000011"):
        marked, plain = (predict(t, minimum_score=1.0) for t in (f"{mark} {text}", text))
        assert {**marked, "evidence": None} == {**plain, "evidence": None}


def test_amharic_affixes_of_foreign_words_hide_no_word() -> None:
    for text in ("የLaptopን ዋጋ ይደውሉ 0900000011", "በLaptop ላይ ቅናሽ 0900000011"):
        assert predict(text, minimum_score=1.0)["vertical"] == "computing_electronics"


def test_the_longest_wording_wins_and_hides_what_it_holds() -> None:
    matcher = Matcher([Entry("media", "መጽሐፍ", 1.0), Entry("religious", "መጽሐፍ ቅዱስ", 1.5)])
    (match,) = matcher.find(["መፅሀፍ", "ቅዱስ"])
    assert [entry.label for entry in match.entries] == ["religious"]


def test_two_entries_of_a_label_with_the_same_stems_count_once() -> None:
    matcher = Matcher([Entry("media", "የሬዲዮ", 1.5), Entry("media", "ሬዲዮ", 1.0), Entry("retail", "ሬዲዮ", 0.5)])
    (match,) = matcher.find(["ሬዲዮ"])
    assert {(entry.label, entry.weight) for entry in match.entries} == {("media", 1.5), ("retail", 0.5)}


def test_sample_ads_are_told_from_news_and_get_their_verticals() -> None:
    rng = Random(3)
    ads = [
        (product.vertical, predict(ad(rng, channel, product), minimum_score=1.0))
        for channel in channels()
        if channel.writes == "shop"
        for product in products()
        if product.category in channel.sells
    ]
    stories = [
        predict(story(rng, writes), minimum_score=1.0) for writes in ("news", "sport") for _ in range(100)
    ]
    assert sum(bool(found["is_ad"]) for _, found in ads) >= 0.97 * len(ads)
    assert sum(found["vertical"] == vertical for vertical, found in ads) >= 0.8 * len(ads)
    assert sum(bool(found["is_ad"]) for found in stories) <= 0.03 * len(stories)


def test_real_human_labels_are_met_where_they_are_at_hand() -> None:
    path = Path(__file__).parents[2].parent / "shared" / "data" / "labels" / "ad_verticals_human.csv"
    if not path.is_file():
        pytest.skip("real data is not part of the project")
    table = pl.read_csv(path)
    found = [predict(text, minimum_score=1.0) for text in table["text"]]
    labels = [canonical(label) for label in table["Human_Label"]]
    inside = [
        (label, given["vertical"]) for label, given in zip(labels, found, strict=True) if label in VERTICALS
    ]
    outside = [given for label, given in zip(labels, found, strict=True) if label not in VERTICALS]
    assert sum(bool(given["is_ad"]) for given in found) >= 0.95 * len(found)
    assert sum(label == vertical for label, vertical in inside) >= 0.8 * len(inside)
    assert all(given["vertical"] is None for given in outside)
