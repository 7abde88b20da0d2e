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
    assert found.examples
    assert found.iab
    for lexicon in (found.words.am, found.words.en):
        assert sum(len(entries) for entries in lexicon.values()) >= 8
        assert max(lexicon) >= 1


def test_every_entry_leaves_a_stem_that_can_be_found() -> None:
    labels = taxonomy()
    lexicons = [label.words for label in labels.labels().values()]
    lexicons += [*labels.outside_words.values(), labels.ad.words]
    entries = [entry for lexicon in lexicons for entry in lexicon.weights()]
    entries += [brand for brands in labels.brands.values() for brand in brands]
    entries += [*labels.neutral.am, *labels.neutral.en, *labels.ad.against.am, *labels.ad.against.en]
    assert not [entry for entry in entries if not stem_key(entry)]


def test_amharic_entries_are_ethiopic_and_english_ones_are_not() -> None:
    labels = taxonomy()
    lexicons = [
        *(label.words for label in labels.labels().values()),
        *labels.outside_words.values(),
        labels.ad.words,
    ]
    for words in lexicons:
        ethiopic = [e for entries in words.am.values() for e in entries]
        latin = [e for entries in (*words.en.values(), *words.om.values()) for e in entries]
        assert all(any("ሀ" <= c <= "ፚ" for c in entry) for entry in ethiopic)
        assert all(entry.isascii() and entry == entry.lower() for entry in latin)


def test_neighbours_and_brands_name_labels_that_exist() -> None:
    labels = taxonomy()
    for label, found in labels.labels().items():
        assert found.confused_with
        assert set(found.confused_with) <= {*VERTICALS, *TAGS} - {label}
    assert set(labels.brands) <= set(VERTICALS)
    assert set(labels.outside_words) <= set(labels.outside)


def test_iab_ids_lie_in_the_taxonomys_range_and_none_stands_for_two_verticals() -> None:
    labels = taxonomy()
    ids = [iab for found in labels.labels().values() for iab in found.iab]
    assert len(ids) == len(set(ids))
    assert all(1000 <= iab <= 1582 for iab in ids)  # the ids of its 2.0, first to last
