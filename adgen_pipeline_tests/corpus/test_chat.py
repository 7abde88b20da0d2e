"""Chat rows: prompts that name every slot of the answer, answers in Amharic, untrusted words made harmless."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.corpus.ads import take_apart
from adgen_pipeline.corpus.chat import EXEMPLAR_CHARS, conversations, escape_template, exemplar_text, messages
from adgen_pipeline.corpus.chat_target import Example, example
from adgen_pipeline.errors import DataError
from adgen_pipeline.schemas import ADS, CONVERSATIONS
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.slots import slots_in

GOODS = ["የቆዳ ቦርሳ", "የእንጨት ጠረጴዛ", "የውሃ ማፍያ", "የልጆች ጋሪ", "የጸጉር ማድረቂያ", "የቡና ስኒ", "የመኪና ምንጣፍ", "የሌሊት መብራት"]
POINTS = ["በጣም ጠንካራና ምቹ", "ለአያያዝ ቀላል የሆነ", "በተለያየ ቀለም የቀረበ", "ከውጭ የመጣ ጥሩ ጥራት", "ለስጦታ የሚመረጥ", "ረጅም ጊዜ የሚያገለግል"]


def post(number: int) -> str:
    good = GOODS[number % len(GOODS)]
    first, second = POINTS[number % len(POINTS)], POINTS[(number // 2 + 3) % len(POINTS)]
    points = f"✔️ {first}\n✔️ {second}"
    return (
        f"🎯 {good} {chr(0x1208 + number)}ይነት\n{points}\nዋጋ፦ {100 + number} ብር\n📞 0900000012\nHigh quality"
    )


def ads(count: int = 24) -> pl.DataFrame:
    rows = []
    for number in range(count):
        taken = take_apart(post(number), frozenset())
        slots = [
            {"slot": f.slot, "kind": f.kind, "text": f.text, "value": f.value} for f in taken.brief.facts
        ]
        rows.append(
            {
                "channel_id": 1 + number % 2,
                "message_id": number,
                "split": "test" if number % 6 == 5 else "train",
                "vertical": None,
                "post": post(number),
                "target": taken.target,
                "slots": slots,
                "brief": taken.brief.model_dump_json(),
            }
        )
    return ADS.conform(ADS.frame(rows))


def brief(**fields: object) -> Brief:
    facts = (
        BriefFact(slot="⟨price_1⟩", text="500 ብር", value="500 ETB"),
        BriefFact(slot="⟨product_1⟩", text="Smart Kettle", value="Smart Kettle"),
    )
    return Brief.model_validate({"product": "⟨product_1⟩ ማፍያ", "facts": facts, **fields})


def test_a_prompt_has_a_line_for_each_field() -> None:
    system, user = messages(brief(features=("ውሃ የሚያፈላ",), audience="ለቢሮ"), [])
    assert system["role"] == "system"
    assert user["content"] == (
        "መረጃ:\nምርት: ⟨product_1⟩ ማፍያ\n⟨product_1⟩ = Smart Kettle\nለማን: ለቢሮ\n- ውሃ የሚያፈላ\nዋጋ: ⟨price_1⟩"
    )


def test_a_slot_named_in_a_point_is_not_offered_again() -> None:
    (_, user) = messages(brief(features=("በ ⟨price_1⟩ ብቻ",)), [])
    assert user["content"].count("⟨price_1⟩") == 1


def test_exemplars_show_their_first_lines_without_slots() -> None:
    (_, user) = messages(brief(), ["🎯 ⟨product_1⟩\n\nዋጋ፦ ⟨price_2⟩\n" + "ረጅም መስመር " * 40])
    assert user["content"].startswith("ምሳሌ:\n🎯 …\nዋጋ፦ …\n\nመረጃ:")


@given(st.text(max_size=400))
def test_exemplars_are_short_and_hold_no_slot(text: str) -> None:
    shown = exemplar_text(text)
    assert len(shown) <= EXEMPLAR_CHARS + 4
    assert "⟨" not in shown


TEMPLATE_TOKENS = [
    *("<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>"),
    *("<|im_start|>", "<|im_end|>", "<s>", "</s>"),
    *("[INST]", "[/INST]", "<<SYS>>"),
]


@pytest.mark.parametrize("token", TEMPLATE_TOKENS)
def test_template_tokens_in_words_become_harmless(token: str) -> None:
    dangerous = f"ጫማ {token}model ጥሩ"
    (_, user) = messages(brief(product=dangerous, features=(dangerous,), tone=dangerous), [dangerous])
    assert token not in user["content"]
    assert "ጫማ" in user["content"]


@pytest.mark.parametrize("text", ["5 < 6 እና 7 > 6", "ዋጋ -> 500", "[አዲስ] ዕቃ", "a|b"])
def test_ordinary_signs_stay(text: str) -> None:
    assert escape_template(text) == text


def test_slots_that_the_brief_does_not_name_are_words() -> None:
    (_, user) = messages(brief(product="ጫማ ⟨phone_3⟩"), [])
    assert "⟨phone_3⟩" not in user["content"]


def test_line_breaks_in_fields_cannot_make_new_fields() -> None:
    (_, user) = messages(brief(product="ጫማ\nዋጋ: ነፃ"), [])
    assert "ምርት: ጫማ ዋጋ: ነፃ" in user["content"].splitlines()[1]


def learned(text: str, signature: frozenset[str] = frozenset()) -> Example | str:
    taken = take_apart(text, signature)
    return example(taken.target, taken.brief, slots_per_kind=6)


def test_english_specifications_and_drawn_lines_leave_the_answer() -> None:
    found = learned(
        "🎯 የቆዳ ቦርሳ ለሴቶች\n=======\nHigh quality\nNozzle 2 kg\n✔️ በጣም ጠንካራና ምቹ\nPrice 500 birr\nCall 0900000012"
    )
    assert isinstance(found, Example)
    assert found.target == "🎯 የቆዳ ቦርሳ ለሴቶች\n✔️ በጣም ጠንካራና ምቹ\nዋጋ ⟨price_1⟩\nስልክ ⟨phone_1⟩"
    assert "High quality" not in found.brief.features


def test_slots_are_numbered_without_gaps() -> None:
    found = learned("🎯 የቆዳ ቦርሳ ለሴቶች\nNozzle 7 kg\n✔️ እስከ 9 ኪሎ የሚይዝ ጠንካራ\nዋጋ 500 ብር")
    assert isinstance(found, Example)
    assert slots_in(found.target) == ["⟨quantity_1⟩", "⟨price_1⟩"]
    assert found.brief.values()["⟨quantity_1⟩"] == "9 ኪሎ"


REFUSED = {
    "too_little_amharic": "Nike shoes\nSize 40,41,42\nPrice 500 birr",
    "no_points": "Nike Air\nሳይዝ 40,41\nዋጋ 500 ብር\nአድራሻ ናሙና ሕንፃ ላይ እንገኛለን ስልክ 0900000012 ይደውሉልን ይዘዙን ዛሬውኑ",
    "no_offer": "🎯 የቆዳ ቦርሳ ለሴቶች\n✔️ በጣም ጠንካራና ምቹ\n✔️ ለአያያዝ ቀላል የሆነ",
    "too_long": "🎯 የቆዳ ቦርሳ ለሴቶች\nዋጋ 500 ብር\n" + "\n".join(f"✔️ {p} {i}" for i in "ሀሁሂሃሄህሆለ" for p in POINTS),
    "too_many_slots": "🎯 የቆዳ ቦርሳ ለሴቶች\nዋጋ 500 ብር\n" + "\n".join(f"✔️ ቁመቱ {n} ሜትር የሆነ" for n in range(1, 8)),
}


@pytest.mark.parametrize(("reason", "text"), REFUSED.items(), ids=REFUSED.keys())
def test_ads_that_teach_nothing_are_refused_with_a_reason(reason: str, text: str) -> None:
    assert learned(text) == reason


def test_rows_conform_and_name_every_slot_of_their_answer() -> None:
    rows = conversations(ads(), exemplars_in_prompt=1, seed=7)
    assert CONVERSATIONS.violations(rows) == []
    assert rows.height == 24
    for turns in rows["messages"].to_list():
        assert [turn["role"] for turn in turns] == ["system", "user", "assistant"]
        assert set(slots_in(turns[1]["content"])) == set(slots_in(turns[2]["content"]))


def test_exemplars_come_from_other_training_posts_of_the_channel() -> None:
    table = ads()
    rows = conversations(table, exemplars_in_prompt=1, seed=7)
    train = {
        (r["channel_id"], r["message_id"])
        for r in table.filter(pl.col("split") == "train").iter_rows(named=True)
    }
    chosen = 0
    for row in rows.iter_rows(named=True):
        for key in row["exemplars"]:
            chosen += 1
            assert (key["channel_id"], key["message_id"]) in train
            assert key["channel_id"] == row["channel_id"]
            assert key["message_id"] != row["message_id"]
    assert chosen > rows.height // 2


def test_the_same_seed_gives_the_same_rows_and_another_seed_other_exemplars() -> None:
    table = ads()
    rows = conversations(table, exemplars_in_prompt=1, seed=7)
    assert rows.equals(
        conversations(table.sample(fraction=1, shuffle=True, seed=3), exemplars_in_prompt=1, seed=7)
    )
    assert not rows.equals(conversations(table, exemplars_in_prompt=1, seed=8))


def test_no_learnable_ad_is_an_error() -> None:
    taken = take_apart("Nike shoes 500 birr", frozenset())
    row = {
        "channel_id": 1,
        "message_id": 1,
        "split": "train",
        "post": "x",
        "target": taken.target,
        "slots": [],
    }
    table = ADS.frame([{**row, "brief": taken.brief.model_dump_json()}])
    with pytest.raises(DataError, match="none of 1 ads can be learned from"):
        conversations(table, exemplars_in_prompt=1, seed=7)
