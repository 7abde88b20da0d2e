"""Chat rows: how a brief and a post of the channel are put to the model, and what it shall answer.

Training and writing render prompts with the same function (`messages`). They are short and regular, because the
default base is a small model with minutes of training: one line a field, slots where exact things stand.
"""

import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Sequence

import polars as pl

from adgen_pipeline.corpus.chat_target import Example, example
from adgen_pipeline.errors import DataError
from adgen_pipeline.schemas import CONVERSATIONS
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.letters import plain_letters
from adgen_pipeline.text.slots import SLOT, slots_in

logger = logging.getLogger(__name__)

SYSTEM = "በመረጃው ብቻ የአማርኛ ማስታወቂያ ጻፍ።"
EXEMPLAR_CHARS = 160
EXEMPLAR_LINES = 4
_SLOT_IN_EXEMPLAR = "…"  # its own slots would tempt the model to write slots that the brief does not have

# Labels of the lines of a brief by kind, in the order in which they stand in the prompt.
LABELS = {
    "brand": "ድርጅት",
    "price": "ዋጋ",
    "percent": "ቅናሽ",
    "date": "ቀን",
    "time": "ሰዓት",
    "quantity": "መጠን",
    "term": "ውል",
    "phone": "ስልክ",
    "handle": "ቴሌግራም",
    "url": "ሊንክ",
    "email": "ኢሜይል",
    "location": "አድራሻ",
    "hashtag": "ሃሽታግ",
}
# Without words around them, a size and another size look the same: their text tells what they are of.
SHOWN_KINDS = frozenset(("quantity",))
FORMS_SHARE = 0.1  # of all rows: ads that hardly say a word teach how to write few words, and little else
_NAME_WORDS = 6

# Template tokens of all supported families; angle brackets and bars are replaced so that no tokenizer sees them.
_TEMPLATE_TOKEN = re.compile(
    r"<(?=[|/a-zA-Z_｜])|(?<=[a-zA-Z_|/｜\d])>|\[(?=/?INST\])|<<(?=/?SYS)|\|>", re.IGNORECASE
)
_REPLACEMENTS = str.maketrans({"<": "‹", ">": "›", "[": "(", "|": "¦"})
_SPACES = re.compile(r"\s+")


_Row = tuple[int, int, str, Example]  # channel_id, message_id, split, what is learned


def messages(brief: Brief, exemplars: Sequence[str]) -> list[dict[str, str]]:
    """The prompt for a brief: a system and a user message.

    Args:
        brief: names its slots in `facts`; slots in other fields that it does not name are taken for words.
        exemplars: slotted posts of the channel, each shown by its first lines, without slots.
    """
    parts = [f"ምሳሌ:\n{shown}" for post in exemplars if (shown := exemplar_text(post))]
    parts.append("መረጃ:\n" + "\n".join(_lines(brief)))
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "\n\n".join(parts)}]


def exemplar_text(slotted: str) -> str:
    """The first lines of a slotted post with … for each slot, harmless to the chat template."""
    shown: list[str] = []
    for line in slotted.splitlines():
        plain = _SPACES.sub(" ", escape_template(SLOT.sub(_SLOT_IN_EXEMPLAR, line))).strip()
        if not plain:
            continue
        if len(shown) == EXEMPLAR_LINES or sum(map(len, shown)) + len(plain) > EXEMPLAR_CHARS:
            break
        shown.append(plain)
    return "\n".join(shown)


def escape_template(text: str) -> str:
    """Untrusted text in which no chat-template token and no slot can be read; ordinary text stays as it is."""
    text = text.replace("⟨", "‹").replace("⟩", "›")
    return _TEMPLATE_TOKEN.sub(lambda match: match.group().translate(_REPLACEMENTS), text)


def _lines(brief: Brief) -> list[str]:
    """The brief, one line a field."""
    known = brief.values()
    said: set[str] = set()

    def words(text: str) -> str:
        """One line of the brief's words: its own slots stay, everything else is escaped."""
        said.update(slots_in(text))
        parts, end = [], 0
        for match in SLOT.finditer(text):
            slot = match.group() if match.group() in known else escape_template(match.group())
            parts += [escape_template(text[end : match.start()]), slot]
            end = match.end()
        parts.append(escape_template(text[end:]))
        return _SPACES.sub(" ", "".join(parts)).strip()

    lines = []
    product = words(brief.product)
    for fact in brief.of_kind("product"):
        if fact.slot not in said:
            product = f"{product} {fact.slot}".strip()
    if product:
        lines.append(f"ምርት: {product}")
        lines += [
            f"{fact.slot} = {_name(fact)}" for fact in brief.of_kind("product")
        ]  # the name tells the model what it writes about
    if brief.audience:
        lines.append(f"ለማን: {words(brief.audience)}")
    if brief.description:
        lines.append(f"- {words(brief.description)}")
    for feature in brief.features:
        label = f"{LABELS['price']}:" if "⟨price_" in feature else "-"
        lines.append(f"{label} {words(feature)}")
    if brief.tone:
        lines.append(f"ስሜት: {words(brief.tone)}")
    for kind, label in LABELS.items():
        facts = [fact for fact in brief.of_kind(kind) if fact.slot not in said]
        if facts:
            shown = (f"{f.slot} = {_name(f)}" if kind in SHOWN_KINDS else f.slot for f in facts)
            lines.append(f"{label}: {' '.join(shown)}")
    return lines


def _name(fact: BriefFact) -> str:
    """A name or size in a few words, in plain letters."""
    return " ".join(escape_template(plain_letters(fact.text)).split()[:_NAME_WORDS])


def conversations(
    ads: pl.DataFrame, *, exemplars_in_prompt: int, seed: int, slots_per_kind: int = 6
) -> pl.DataFrame:
    """Chat rows for fine-tuning (CONVERSATIONS): the ads that a small model can learn from.

    The target is the ad without what the brief does not explain (English lines, drawn lines, repeated contacts);
    ads in which too little Amharic is left, or that need more slots of a kind than there are, give no row.

    Args:
        ads: ADS.
        exemplars_in_prompt: posts of the same channel's training split shown in the prompt; every fourth row has
            none, so that the model also writes without.
        seed: of the choice of exemplars.
        slots_per_kind: slots that the tokenizer has for each kind.

    Raises:
        DataError: no ad gives a row.
    """
    kept: list[_Row] = []
    drops: dict[str, int] = defaultdict(int)
    for row in ads.sort("channel_id", "message_id").iter_rows(named=True):
        brief = Brief.model_validate_json(row["brief"])
        found = example(row["target"], brief, slots_per_kind=slots_per_kind)
        if isinstance(found, str):
            drops[found] += 1
        else:
            kept.append((row["channel_id"], row["message_id"], row["split"], found))
    forms_count = sum(row[-1].is_form for row in kept)
    kept = _with_few_forms(kept, seed=seed)
    drops["form_beyond_share"] += forms_count - sum(row[-1].is_form for row in kept)
    logger.info(
        "%d of %d ads became conversations; left out: %s",
        len(kept),
        ads.height,
        ", ".join(f"{reason} {count}" for reason, count in sorted(drops.items())) or "none",
    )
    if not kept:
        raise DataError(
            f"corpus/conversations: none of {ads.height} ads can be learned from "
            f"({', '.join(f'{reason}: {count}' for reason, count in sorted(drops.items()))}). "
            "Add exports whose ads have Amharic lines about the product."
        )
    pool: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for channel_id, message_id, split, found in kept:
        if split == "train":
            pool[channel_id].append((message_id, found.target))
    rows = []
    for channel_id, message_id, split, found in kept:
        chosen = _exemplars(
            pool[channel_id], channel_id, message_id, found.target, count=exemplars_in_prompt, seed=seed
        )
        rows.append(
            {
                "channel_id": channel_id,
                "message_id": message_id,
                "split": split,
                "messages": [
                    *messages(found.brief, [text for _, text in chosen]),
                    {"role": "assistant", "content": found.target},
                ],
                "exemplars": [{"channel_id": channel_id, "message_id": number} for number, _ in chosen],
            }
        )
    return CONVERSATIONS.conform(CONVERSATIONS.frame(rows))


def _with_few_forms(rows: list[_Row], *, seed: int) -> list[_Row]:
    """The rows with at most a share of forms, each channel its part of them, chosen by hash.

    Two of ten shops post nothing else: without a limit every fifth row would be the same five labels.
    """
    forms = sorted((row for row in rows if row[-1].is_form), key=lambda row: _draw(seed, row[0], row[1]))
    channels = {row[0] for row in forms}
    most = max(1, round(FORMS_SHARE * (len(rows) - len(forms)) / max(1, len(channels))))
    taken: dict[int, int] = defaultdict(int)
    chosen: set[tuple[int, int]] = set()
    for channel_id, message_id, _, _ in forms:
        if taken[channel_id] < most:
            taken[channel_id] += 1
            chosen.add((channel_id, message_id))
    return [row for row in rows if not row[-1].is_form or row[:2] in chosen]


def _draw(seed: int, channel_id: int, message_id: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{channel_id}/{message_id}".encode()).digest()[:8], "big")


def _exemplars(
    pool: Sequence[tuple[int, str]], channel_id: int, message_id: int, target: str, *, count: int, seed: int
) -> list[tuple[int, str]]:
    """Posts to show beside a brief: of another product, chosen by hash; none in every fourth row."""
    draw = _draw(seed, channel_id, message_id)
    if count == 0 or not pool or draw % 4 == 0:
        return []
    own = set(target.split())
    chosen: list[tuple[int, str]] = []
    for step in range(min(len(pool), 8)):
        number, text = pool[(draw // 4 + step * 7919) % len(pool)]
        shown = set(text.split())
        is_same = number == message_id or 2 * len(own & shown) > len(own | shown) or not exemplar_text(text)
        if not is_same and (number, text) not in chosen:
            chosen.append((number, text))
        if len(chosen) == count:
            break
    return chosen
