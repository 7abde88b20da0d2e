"""The prompt for a brief: which posts it quotes, and what is left out so that it fits.

How a brief and its exemplars are worded is `corpus.chat`'s business, for training and writing must read alike.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from adgen_pipeline.corpus.chat import messages
from adgen_pipeline.generation.lexicon import in_amharic, translate
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.language import script_shares
from adgen_pipeline.text.slots import SLOT, escape, slot, slots_in

_BARE = re.compile(r"[\d.,]+\s*(?:ሰዓት|ቀን|ሳምንት|ወር|ዓመት|ደቂቃ)?")  # a point of this alone says nothing
BARE_KINDS = frozenset(("quantity", "percent", "time", "product"))  # that mean nothing without words

if TYPE_CHECKING:  # the search loads the encoder's libraries
    from adgen_pipeline.index.search import Hit


class CountsTokens(Protocol):
    """What measures a prompt."""

    def count_tokens(self, conversation: Sequence[dict[str, str]]) -> int:
        """Tokens of a prompt."""
        ...


@dataclass(frozen=True)
class Prompt:
    """A prompt that fits.

    Attributes:
        messages: system and user turns.
        exemplars: the hits that it quotes.
        tokens: its length.
        digest: SHA-256 of the messages, 12 digits.
    """

    messages: list[dict[str, str]]
    exemplars: "tuple[Hit, ...]"
    tokens: int
    digest: str


def build_prompt(
    brief: Brief,
    hits: "Sequence[Hit]",
    *,
    counter: CountsTokens,
    maximum_tokens: int,
    maximum_exemplars: int,
    slotted_posts: Mapping[tuple[int, int], str],
) -> Prompt:
    """The prompt of a brief with as many exemplars, then as many of its points, as fit into `maximum_tokens`.

    Args:
        brief: facts beyond the model's slots left out already.
        hits: posts to quote, best first.
        counter: measures prompts.
        maximum_tokens: what training rows left for a prompt; facts stay even if they alone pass it.
        maximum_exemplars: as in training.
        slotted_posts: posts by (channel_id, message_id) as training saw them; others are slotted here.
    """
    chosen = [hit for hit in hits if hit.kind == "post"][:maximum_exemplars]
    shown = brief
    while True:
        conversation = messages(shown, [slotted(hit, slotted_posts) for hit in chosen])
        tokens = counter.count_tokens(conversation)
        if tokens <= maximum_tokens:
            break
        if chosen:
            chosen = chosen[:-1]
        elif shown.description:
            shown = shown.model_copy(update={"description": ""})
        elif shown.features:
            shown = shown.model_copy(update={"features": shown.features[:-1]})
        else:
            break
    canonical = json.dumps(conversation, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:12]
    return Prompt(conversation, tuple(chosen), tokens, digest)


def slotted(hit: "Hit", slotted_posts: Mapping[tuple[int, int], str]) -> str:
    """A retrieved post with its facts slotted away: no contact or price of another advertiser enters a prompt."""
    if hit.channel_id is not None and hit.message_id is not None:
        known = slotted_posts.get((hit.channel_id, hit.message_id))
        if known is not None:
            return known
    post = escape(hit.post)
    parts: list[str] = []
    numbers: dict[str, int] = {}
    end = 0
    for fact in find_facts(post):
        numbers[fact.kind] = numbers.get(fact.kind, 0) + 1
        parts += [post[end : fact.start], slot(fact.kind, numbers[fact.kind])]
        end = fact.end
    return "".join([*parts, post[end:]])


def spoken(brief: Brief, *, keep_unknown: bool = False) -> Brief:
    """The brief with its mostly Latin words in Amharic as far as the lexicon goes.

    A model that reads English specifications copies them, and the ad is no Amharic ad any more. Names are slots and
    are not concerned.

    Args:
        brief: in either language.
        keep_unknown: leave words that the lexicon lacks as they are; else a point of which it knows less than half,
            or a sentence of which it knows less than four fifths, is left out, unless it holds a slot.
    """

    def amharic(text: str) -> str:
        ethiopic, latin = script_shares(SLOT.sub(" ", text))
        if latin <= ethiopic:
            return text
        names_only = slots_in(text) and all(map(_is_name, translate(text).unknown))
        if keep_unknown or names_only:
            return translate(text, keep_unknown=True).text
        return in_amharic(text)

    bare = {f.slot for f in brief.facts if f.kind in BARE_KINDS and not f.must and _BARE.fullmatch(f.text)}
    points = (amharic(feature) for feature in brief.features if keep_unknown or feature not in bare)
    told = brief.model_copy(
        update={
            "product": amharic(brief.product),
            "description": amharic(brief.description),
            "audience": amharic(brief.audience),
            "tone": amharic(brief.tone),
            "features": tuple(point for point in points if point),
        }
    )
    return told if keep_unknown else _without_bare_numbers(told)


def _is_name(word: str) -> bool:
    return any(character.isupper() or character.isdigit() for character in word)


def _without_bare_numbers(brief: Brief) -> Brief:
    """The brief without optional numbers that none of its words stand around: an ad can only say «🎯 12» of them."""
    said = set(slots_in(" ".join([brief.product, brief.description, *brief.features])))
    facts = tuple(f for f in brief.facts if f.must or f.kind not in BARE_KINDS or f.slot in said)
    return brief.model_copy(update={"facts": facts})


def within_slots(brief: Brief, slots: frozenset[str]) -> Brief:
    """The brief as the model can be asked: facts whose slot it does not know are left out, of its words too."""
    if all(fact.slot in slots for fact in brief.facts):
        return brief

    def without(text: str) -> str:
        return " ".join(SLOT.sub(lambda m: m.group() if m.group() in slots else " ", text).split())

    return brief.model_copy(
        update={
            "product": without(brief.product),
            "description": without(brief.description),
            "features": tuple(point for feature in brief.features if (point := without(feature))),
            "facts": tuple(fact for fact in brief.facts if fact.slot in slots),
        }
    )
