import pytest

from adgen_pipeline.labels.taxonomy import TAGS, VERTICALS, taxonomy
from adgen_pipeline.text.stems import stem_key


def test_there_are_the_customers_ten_verticals_and_four_tags() -> None:
    labels = taxonomy()
    assert tuple(labels.verticals) == VERTICALS
    assert tuple(labels.tags) == TAGS
    assert (len(VERTICALS), len(TAGS)) == (10, 4)


@pytest.mark.parametrize("label", [*VERTICALS, *TAGS])
def test_a_label_has_names_a_definition_and_words_of_both_languages_that_settle_it(label: str) -> None:
    found = taxonomy().labels()[label]
    assert found.name
    assert found.amharic
    assert len(found.definition.split()) >= 6
    for lexicon in (found.am, found.en):
        assert sum(len(entries) for entries in lexicon.values()) >= 8
        assert max(lexicon) >= 1


def test_every_entry_leaves_a_stem_that_can_be_found() -> None:
    labels = taxonomy()
    entries = [entry for label in (*labels.labels().values(), labels.ad) for entry in label.weights()]
    entries += [*labels.neutral.am, *labels.neutral.en, *labels.ad.against.am, *labels.ad.against.en]
    assert not [entry for entry in entries if not stem_key(entry)]


def test_amharic_entries_are_ethiopic_and_english_ones_are_not() -> None:
    for label in taxonomy().labels().values():
        ethiopic = [e for entries in label.am.values() for e in entries]
        latin = [e for entries in label.en.values() for e in entries]
        assert all(any("ሀ" <= c <= "ፚ" for c in entry) for entry in ethiopic)
        assert all(entry.isascii() and entry == entry.lower() for entry in latin)
