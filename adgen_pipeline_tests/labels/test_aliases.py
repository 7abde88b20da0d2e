import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.labels.aliases import canonical
from adgen_pipeline.labels.taxonomy import TAGS, VERTICALS, taxonomy


@pytest.mark.parametrize("label", [*VERTICALS, *TAGS])
def test_a_label_is_known_by_its_id_its_names_and_its_aliases(label: str) -> None:
    found = taxonomy().labels()[label]
    for spelling in (label, found.name, found.name.upper(), found.amharic, *found.aliases):
        assert canonical(spelling) == label


@pytest.mark.parametrize(
    ("spelling", "label"),
    [
        ("  TELECOM. ", "telecom"),
        ("telcom", "telecom"),
        ("Finanical services", "financial_services"),
        ("heallthcare & Pharma", "healthcare_pharma"),
        ("Computing products &\n consumer electronics", "computing_electronics"),
        ("Advertisement: Travel", "travel"),
        ("the post is an ad - retail", "retail"),
        ("Real-Estate", "real_estate"),
        ("trainning", "education"),
        ("Advertisment", "ad"),
        ("Not an advertisment", "not_ad"),
        ("NOT AD", "not_ad"),
    ],
)
def test_dirty_spellings_map_to_their_label(spelling: str, label: str) -> None:
    assert canonical(spelling) == label


@pytest.mark.parametrize("spelling", ["", "  ", "?!", "retain", "xyz", "medic", "cp", "ለላ ነገር"])
def test_other_words_are_unknown_rather_than_guessed(spelling: str) -> None:
    assert canonical(spelling) is None


def test_a_negation_never_becomes_its_opposite() -> None:
    assert canonical("not advertisement") == "not_ad"
    assert canonical("non advertisment") in {"not_ad", None}
    assert canonical("not retail") is None


def test_no_alias_stands_for_two_labels() -> None:
    labels = taxonomy()
    spellings = [
        alias.casefold()
        for found in (*labels.labels().values(), *labels.outside.values())
        for alias in found.aliases
    ]
    spellings += [*labels.ad.aliases, *labels.not_ad_aliases]
    assert len(spellings) == len(set(spellings))


@given(st.text(max_size=60))
def test_any_spelling_gives_a_label_or_none(spelling: str) -> None:
    labels = taxonomy()
    assert canonical(spelling) in {*labels.labels(), *labels.outside, "ad", "not_ad", None}
