import pytest

from adgen_pipeline.generation.tidying import tidy

VALUES = {"⟨price_1⟩": "1,800 ብር", "⟨phone_1⟩": "0900 000 014"}


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("ዋጋ⟨price_1⟩ ብር ብቻ", "ዋጋ ⟨price_1⟩ ብቻ"),
        ("⟨phone_1⟩⟨phone_1⟩", "⟨phone_1⟩ ⟨phone_1⟩"),
        ("በ⟨price_1⟩ይሸጣል", "በ⟨price_1⟩ ይሸጣል"),
        ("ጫማ ⟨price_ <end_of_turn>", "ጫማ"),
        ("ጫማ\n\n\n\nውብ   ነው", "ጫማ\n\nውብ ነው"),
    ],
)
def test_slots_stand_apart_and_broken_ones_vanish(raw: str, clean: str) -> None:
    assert tidy(raw, VALUES) == clean


def test_an_emoji_over_and_over_and_lines_of_emoji_alone_go() -> None:
    slotted = "የቆዳ ጫማ 🔥🔥🔥🔥\n🎯 🎀 🎀 🎀 🎀\n📎 📎\n☎️ ⟨phone_1⟩\n\nይደውሉ!!!"
    assert tidy(slotted, {}) == "የቆዳ ጫማ 🔥\n☎️ ⟨phone_1⟩\n\nይደውሉ!!!"


def test_a_mark_over_and_over_goes() -> None:
    assert tidy("⟨hashtag_1⟩ ፤ ፤ ፤ ፤ ፤ ፤", {"⟨hashtag_1⟩": "#ጫማ"}).rstrip() == "⟨hashtag_1⟩"
    assert tidy("ምርጥ ጫማ!!! ዋጋ... ይደውሉ", {}) == "ምርጥ ጫማ!!! ዋጋ... ይደውሉ"
    assert tidy("⟨hashtag_1⟩ :// :// ://://:// :/", {"⟨hashtag_1⟩": "#ጫማ"}).rstrip(" :/") == "⟨hashtag_1⟩"
    assert tidy("ጫማ --------- https://t.me/a ?! :-)", {}) == "ጫማ --------- https://t.me/a ?! :-)"
