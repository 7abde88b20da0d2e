import pytest

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.guard import Guard
from adgen_pipeline.generation.wording import foreign_letters, known_stems, stems

POSTS = ["የሚያምር የቆዳ ጫማ ለወንዶች ⟨price_1⟩", "ጥሩ ቦርሳ ለሴቶች", "ለስራ የሚሆን ምቹ ወንበር"]
BRIEF = understand("ምርት፦ የቆዳ ጫማ\nስልክ፦ 0900000014", source="b.txt")


def test_a_word_is_known_in_all_its_common_forms_and_spellings() -> None:
    known = known_stems(POSTS)
    assert set(stems("ቦርሳዎች በቦርሳ ቦርሳን")) <= known
    assert set(stems("ለሥራ")) <= known
    assert not set(stems("ብዝግክል")) & known


def test_in_a_large_corpus_a_word_of_a_single_post_is_a_slip() -> None:
    known = known_stems([*POSTS[:1] * 2000, "ግልብዝክ"])
    assert set(stems("ግልብዝክ")).isdisjoint(known)
    assert set(stems("ቆዳ")) <= known


def test_slots_and_latin_words_are_no_stems() -> None:
    assert stems("⟨price_1⟩ shoes ጫማ") == stems("ጫማ")


@pytest.mark.parametrize(
    ("text", "letters"),
    [("ጫማ abc ™ 😀", ""), ("𝐁𝐨𝐥𝐝", "𝐁𝐨𝐥𝐝"), ("ጫማ ع", "ع"), ("Привет", "Привет"), ("鞋", "鞋"), ("ą é", "")],
)
def test_letters_of_other_scripts_are_foreign(text: str, letters: str) -> None:
    assert foreign_letters(text) == letters


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        pytest.param("ብዝግክል ነው", "unknown_word", id="invented word"),
        pytest.param("ምቹ ع ጫማ", "foreign_letters", id="Arabic letter"),
        pytest.param("ዋጋ፦ ⟨phone_1⟩", "wrong_kind", id="phone where the price belongs"),
        pytest.param("መጠን 👉 ⟨phone_1⟩", "wrong_kind", id="phone where a size belongs"),
    ],
)
def test_a_line_of_no_words_or_of_a_fact_in_the_wrong_place_is_dropped(line: str, kind: str) -> None:
    good = "የሚያምር የቆዳ ጫማ ለወንዶች የሚሆን\nስልክ፦ ⟨phone_1⟩"
    guarded = Guard(BRIEF, known=known_stems(POSTS)).check(f"{good}\n{line}")
    assert kind in {violation.kind for violation in guarded.violations} - {"repeated_slot"}
    assert guarded.slotted == good


def test_words_of_the_brief_are_known() -> None:
    brief = understand("ምርት፦ ብዝግክል\nስልክ፦ 0900000014", source="b.txt")
    guarded = Guard(brief, known=known_stems(POSTS)).check("የሚያምር ብዝግክል ለወንዶች ለሴቶች\n⟨phone_1⟩")
    assert guarded.violations == ()
