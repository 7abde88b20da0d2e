"""Signature lines: what a channel repeats below its posts (delivery, payment, "join us") whatever it sells.

They are the advertiser's standing terms. Trained on raw posts, a model promised other shops' delivery in every ad;
so these lines are found by frequency, handed over with the brief and slotted in the target.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.facts import Fact, find_facts, value_key
from adgen_pipeline.text.letters import plain_letters

_LETTERS = re.compile(r"[^\W\d_]+")
# Contacts are masked; prices, quantities and hashtags make lines differ, so that «ዋጋ 500 ብር» in every second post
# is not taken for a standing term.
_MASKED_KINDS = frozenset(("phone", "url", "handle", "email"))
_MINIMUM_LETTERS = 6  # shorter lines are labels («ዋጋ», «ስልክ»)


def line_key(line: str, facts: Iterable[Fact] | None = None) -> str:
    """What two lines share when they say the same: phonetic letters and the values of prices and quantities.

    Digits of contacts, punctuation and emoji do not count. Empty for lines that can be no signature line.

    Args:
        line: one line of a post.
        facts: its facts, where they are known already (spans relative to the line).
    """
    rest, kept = plain_letters(line), []
    for fact in reversed(list(find_facts(rest) if facts is None else facts)):
        rest = rest[: fact.start] + " " + rest[fact.end :]
        if fact.kind not in _MASKED_KINDS:
            kept.append(value_key(fact))
    words = _LETTERS.findall(search_key(rest).casefold())
    if sum(map(len, words)) < _MINIMUM_LETTERS:
        return ""
    if kept and len(words) < 4:  # a size or price with its label repeats without being a term
        return ""
    return " ".join([*words, *reversed(kept)])


def signature_lines(posts: Mapping[int, Iterable[str]], *, recipe: CorpusRecipe) -> dict[int, frozenset[str]]:
    """Keys (`line_key`) of the signature lines of each channel.

    Args:
        posts: L0 texts of the ads of each channel, by channel id.
        recipe: `signature_share` of a channel's posts, and at least `signature_minimum_posts` of them, must
            hold a line.
    """
    signatures: dict[int, frozenset[str]] = {}
    for channel_id, texts in posts.items():
        counts: Counter[str] = Counter()
        total = 0
        cache: dict[str, str] = defaultdict(str)
        for text in texts:
            total += 1
            keys = set()
            for line in text.split("\n"):
                if line not in cache:
                    cache[line] = line_key(line)
                keys.add(cache[line])
            counts.update(keys - {""})
        least = max(recipe.signature_minimum_posts, recipe.signature_share * total)
        signatures[channel_id] = frozenset(key for key, count in counts.items() if count >= least)
    return signatures
