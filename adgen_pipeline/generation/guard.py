"""What no ad may do, checked on every candidate: invent a fact, copy a post, promise what the brief does not.

The guards look at the slotted text: whatever stands outside of slots must hold no fact at all. A line or sentence
that breaks a rule is dropped; must-have facts and points of the brief that are then missing become lines of their own;
a candidate that is broken as a whole is refused.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl
import regex

from adgen_pipeline.generation import formats
from adgen_pipeline.generation.coverage import (
    MORE_AMHARIC,
    headline,
    lines_for,
    missing_facts,
    missing_points,
    with_fitting_signs,
    with_leads,
    with_points,
)
from adgen_pipeline.generation.leads import Leads, beside
from adgen_pipeline.generation.lines import (
    NO_LETTERS,
    is_address_of_nothing,
    is_answered,
    is_filler,
    restored,
    says_again,
    without_foreign_words,
)
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.generation.tidying import tidy
from adgen_pipeline.generation.wording import foreign_letters, stems
from adgen_pipeline.text.amharic import search_key, sentences, words
from adgen_pipeline.text.brief import Brief, brief_text
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.labels import LABEL_KINDS, labels_before_slots
from adgen_pipeline.text.language import script_shares
from adgen_pipeline.text.letters import shape, shaped
from adgen_pipeline.text.lexical import folded
from adgen_pipeline.text.promises import Supported, lexicon
from adgen_pipeline.text.slots import SLOT, fill, slot_kind, slots_in

MINIMUM_WORDS = 3  # outside of slots; less is a list of facts, not an ad
MINIMUM_ETHIOPIC_SHARE = 0.6  # of the letters outside of slots
MINIMUM_KEPT_SHARE = 0.4  # of the candidate's words after repairs; below, the rest makes no sense
MAXIMUM_REPEATS = 2  # of a word 4-gram
OWN_SHARE = 0.7  # of a run's words; from there on a run that a post has too is the brief's
ANY_SIZE_LABELS = frozenset(("መጠን", "ሳይዝ"))
_SLOT_USES = {"brand": 3, "product": 3}  # of the others: 1; told twice, an address or a phone is clutter
_BARE_NAME = re.compile(r"^[^\w⟨]*⟨(?:brand|product)_\d+⟩[^\w⟨]*$")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_ADDRESS_SIGN = re.compile(r"@|(?i:https?:|www\.|t\.me|\.com\b|\.et\b)")
# «ስልክ፦», «ቀለም: 📌 📌» or «ቻናላችንን ይቀላቀሉ 👉» with nothing after it: the label outlived its fact.
_DANGLING = regex.compile(
    r"(?:[:፦=]|፡-|-|[👉➡👇⤵⬇][\ufe0f\U0001F3FB-\U0001F3FF]*)[\s\p{Extended_Pictographic}\ufe0f]*$"
)
# «ከ⟨price_1⟩ እስከ ⟨phone_1⟩» is no range.
_RANGE = re.compile(r"ከ\s*⟨(?P<low>[a-z]+)_\d+⟩\s*እስከ\s*⟨(?P<high>[a-z]+)_\d+⟩")
# «ይደውሉ፦ ⟨handle_1⟩», «ይጻፉ፦ ⟨product_1⟩»: nobody calls a handle or writes to a product.
_CALLED = shaped(r"(?P<call>ደውሉ|ፃፉ)(?:ልን)?\s*[:፦]\s*⟨(?P<kind>[a-z]+)_\d+⟩")
_ANSWERING = {"ደ": {"phone"}, "ፃ": {"phone", "handle", "url", "email"}}
# What cannot stand behind a label: untyped slots once made a model write an address where the price belongs, and
# typed ones do not always keep it from that.
_WRONG_KINDS = {
    "price": {
        "phone",
        "handle",
        "url",
        "email",
        "location",
        "hashtag",
        "date",
        "time",
        "quantity",
        "brand",
        "product",
    },
    "phone": {"price", "location", "quantity", "percent", "hashtag", "date"},
    "location": {"price", "quantity", "percent", "date", "time"},
    "quantity": {"phone", "price", "handle", "url", "email", "location", "brand", "term"},
}


@dataclass(frozen=True)
class Violation:
    """A broken rule: its kind, and the words that broke it."""

    kind: str
    evidence: str


@dataclass(frozen=True)
class Guarded:
    """A candidate after the guards.

    Attributes:
        slotted: repaired, with slots.
        text: filled from the brief.
        violations: what was found and dropped.
        repairs_count: lines or sentences dropped, plus facts and points added.
        refusal: why the candidate cannot be used at all; None if it can.
    """

    slotted: str
    text: str
    violations: tuple[Violation, ...]
    repairs_count: int
    refusal: str | None


class Guard:
    """The guards for the ads of one brief, given the posts that were retrieved for it.

    Usage::

        guard = Guard(brief, retrieved=[hit.post for hit in hits], maximum_shared_words=12)
        guarded = guard.check(candidate)

    Attributes:
        asked: the brief in the words of the prompt: in Amharic, without points that would be half English.
    """

    def __init__(
        self,
        brief: Brief,
        *,
        retrieved: Sequence[str] = (),
        foreign_names: Collection[str] = (),
        known: frozenset[str] | None = None,
        leads: Leads | None = None,
        maximum_shared_words: int = 12,
    ) -> None:
        """Prepare the guards.

        Args:
            brief: the only source of facts, names and promises.
            retrieved: posts that the model saw or was near to; their long word runs are copies.
            foreign_names: names of channels and shops that are not the brief's.
            known: stems of words that are words (`wording.known_stems`); None takes every word for one.
            leads: which kinds of facts words introduce (`leads.learned`); None lets any word stand beside any.
            maximum_shared_words: a longer run of words shared with a retrieved post is a copy.
        """
        self._brief = brief
        self._spoken = spoken(brief, keep_unknown=True)
        self.asked = spoken(brief)
        self._values = brief.values()
        said = brief_text(brief)
        brief_folded = folded(said)
        self._promises = Supported(said)
        self._latin = lexicon().generic_latin | {w.lower() for w in _LATIN_WORD.findall(said)}
        # In either language: «Very portable» is said by «በቀላሉ የሚያዝ».
        self._said = frozenset(stems(f"{said}\n{brief_text(self._spoken)}"))
        self._points = sorted(self.asked.features, key=lambda point: not slots_in(point))
        self._leads = leads or Leads()
        self._beside = frozenset(beside("\n".join([self.asked.product, *self._points])))
        self._known = None if known is None else known | self._said
        self._labels: dict[str, set[str]] = {}
        for point in brief.features:
            for label, name in labels_before_slots(point):
                self._labels.setdefault(name, set()).add(label)
        # «ባትሪ» before a size that the brief gives no label, when it names the battery's: another part's number.
        self._taken = {label for labels in self._labels.values() for label in labels} - ANY_SIZE_LABELS
        self._numbers = {match["stem"] for match in lexicon().number_words.finditer(brief_folded)}
        self._brief_words = frozenset(_plain_words(said))
        self._run = maximum_shared_words + 1
        self._copied = {run for post in retrieved for run in _runs(_plain_words(post), self._run)}
        self._foreign = [
            key for name in foreign_names if len(key := folded(name).strip()) >= 4 and key not in brief_folded
        ]

    def check(self, slotted: str) -> Guarded:
        """The candidate repaired, or the reason why it cannot be."""
        clean = tidy(slotted, self._values)
        violations: list[Violation] = []
        kept: list[str] = []
        uses: Counter[str] = Counter()
        dropped = 0
        lines = clean.split("\n")
        for place, line in enumerate(lines):
            following = next((later for later in lines[place + 1 :] if later), "")
            meant = restored(line, self._points, self.asked.product)
            if meant is None:
                dropped += 1
                violations.append(Violation("torn_point", line))
                continue
            good, bad = self._line(without_foreign_words(meant, self._said), following, uses, kept)
            dropped += len(bad) > 0
            violations += bad
            if good is not None:
                kept.append(good)
        body = _closed_up(kept)
        violations += (copies := self._copies(body))
        refusal = self._refusal(clean, body) or (f"it copies a post: {len(copies)} runs" if copies else None)
        points = missing_points(self.asked, body)
        body = with_points(body, points)
        missing = missing_facts(self._brief, set(slots_in(body)))
        top, bottom = lines_for(self._spoken, missing)
        top += headline(self.asked, "\n".join([*top, body]))
        ad = tidy("\n".join([*top, *([body] if body else []), *bottom]), self._values)
        ad = with_leads(with_fitting_signs(ad), beside_signs=False)
        for more_amharic in MORE_AMHARIC:
            if script_shares(fill(ad, self._values))[0] < MINIMUM_ETHIOPIC_SHARE:
                ad = more_amharic(ad)
        ad = formats.without_stray_brackets(ad)
        text = fill(ad, self._values)
        if refusal is None and (problems := formats.problems(text, slotted=ad)):
            refusal = problems[0]
        return Guarded(ad, text, tuple(violations), dropped + len(missing) + len(points), refusal)

    def fallback(self, slotted: str) -> Guarded:
        """An ad of the template writer, made of the brief alone: tidied, filled, and cut by lines if it is too long."""
        lines = tidy(slotted, self._values).split("\n")
        while formats.utf16_units(fill("\n".join(lines), self._values)) > formats.MAXIMUM_UNITS["post"]:
            points = [place for place, line in enumerate(lines) if line.startswith("✅")]
            longest = max(range(len(lines)), key=lambda place: len(lines[place]))
            del lines[points[-1] if points else longest]
        ad = formats.without_stray_brackets("\n".join(lines))
        return Guarded(ad, fill(ad, self._values), (), 0, None)

    def _line(
        self, line: str, following: str, uses: Counter[str], kept: list[str]
    ) -> tuple[str | None, list[Violation]]:
        """What is left of a line, None if nothing, and what was wrong with the rest."""
        if not line.strip():
            return "", []
        found = self._violations(line, uses)
        if not found and _DANGLING.search(line) and not slots_in(line) and not is_answered(line, following):
            found = [Violation("dangling_label", line)]
        if not found and is_address_of_nothing(line, following, self._said):
            found = [Violation("address_of_nothing", line)]
        if not found and is_filler(line, following, self._said):
            found = [Violation("filler", line)]
        if not found and says_again(line, kept, self._said):
            found = [Violation("repeated_line", line)]
        if not found:
            uses.update(slots_in(line))
            return line, []
        parts = sentences(line)
        good = [part for part in parts if len(parts) > 1 and not self._violations(part, uses)]
        rest = " ".join(good)
        if not good or NO_LETTERS.match(rest) or _DANGLING.search(rest):
            return None, found
        uses.update(slots_in(rest))
        return rest, found

    def _violations(self, line: str, uses: Counter[str]) -> list[Violation]:
        found: list[Violation] = []
        for name, count in Counter(slots_in(line)).items():
            if name not in self._values:
                found.append(Violation("unknown_slot", name))
            elif uses[name] and _BARE_NAME.match(line):  # a name alone, after it was said in a line of words
                found.append(Violation("repeated_name", name))
            elif uses[name] + count > _SLOT_USES.get(name[1:].split("_")[0], 1):
                found.append(Violation("repeated_slot", name))
        bare = SLOT.sub(" ⟨⟩ ", line)
        found += [Violation("invented_fact", fact.text) for fact in find_facts(bare)]
        if not found and any(c.isnumeric() for c in bare):
            found.append(Violation("invented_fact", "".join(c for c in bare if c.isnumeric())))
        if sign := _ADDRESS_SIGN.search(bare):
            found.append(Violation("invented_contact", sign.group()))
        bare_folded = folded(bare)
        found += [
            Violation("number_word", match.group())
            for match in lexicon().number_words.finditer(bare_folded)
            if match["stem"] not in self._numbers
        ]
        found += [
            Violation("unknown_name", word)
            for word in _LATIN_WORD.findall(bare)
            if word.lower() not in self._latin
        ]
        if letters := foreign_letters(bare):
            found.append(Violation("foreign_letters", letters))
        if self._known is not None:
            found += [Violation("unknown_word", stem) for stem in stems(bare) if stem not in self._known]
        found += self._wrong_labels(line)
        found += [Violation("foreign_name", name) for name in self._foreign if name in bare_folded]
        found += [
            Violation(f"promise_{promise.kind}", promise.evidence)
            for promise in self._promises.violations(bare)
        ]
        return found

    def _wrong_labels(self, line: str) -> list[Violation]:
        """Labels before a fact of another kind, or before a size that the brief gives for something else."""
        found: list[Violation] = []
        for label, name in labels_before_slots(line):
            kind = LABEL_KINDS.get(label, "")
            meant = self._labels.get(name, set())
            if slot_kind(name) in _WRONG_KINDS.get(kind, ()):
                found.append(Violation("wrong_kind", f"{label} {name}"))
            elif kind == "quantity" and (label not in meant if meant else label in self._taken):
                found.append(Violation("wrong_label", f"{label} {name}"))
        found += [Violation("wrong_lead", words) for words in self._leads.misplaced(line, self._beside)]
        found += [Violation("wrong_kind", m.group()) for m in _RANGE.finditer(line) if m["low"] != m["high"]]
        calls = _CALLED.finditer(shape(line))
        found += [
            Violation("wrong_kind", m.group()) for m in calls if m["kind"] not in _ANSWERING[m["call"][0]]
        ]
        return found

    def _copies(self, slotted: str) -> list[Violation]:
        """Runs of words shared with a post, unless the brief says most of them: its words must be in the ad."""
        return [
            Violation("copied_post", " ".join(run))
            for run in _runs(_plain_words(slotted), self._run)
            if run in self._copied and sum(word in self._brief_words for word in run) < OWN_SHARE * len(run)
        ]

    def _refusal(self, before: str, after: str) -> str | None:
        """Why what the repairs left is no ad."""
        kept = len(_plain_words(after))
        if kept < MINIMUM_WORDS:
            return f"{kept} words outside of slots, an ad needs {MINIMUM_WORDS}"
        if kept < MINIMUM_KEPT_SHARE * len(_plain_words(before)):
            return "repairs dropped most of it"
        if (repeats := maximum_repeats(after)) > MAXIMUM_REPEATS:
            return f"it repeats four words {repeats} times"
        ethiopic = script_shares(SLOT.sub(" ", after))[0]
        if ethiopic < MINIMUM_ETHIOPIC_SHARE:
            return f"{ethiopic:.0%} of its letters are Ethiopic"
        return None


def maximum_repeats(text: str, n: int = 4) -> int:
    """How often the most frequent run of `n` words occurs; slots count as words; 0 for shorter texts."""
    runs = Counter(_runs([search_key(word) for word in words(SLOT.sub(_slot_word, text))], n))
    return max(runs.values(), default=0)


def invented_in_table(ads: pl.DataFrame) -> list[str]:
    """Rows of GENERATED_ADS with a fact that is not among their facts, as sentences without the fact itself."""
    found = []
    for row in ads.iter_rows(named=True):
        rest = row["text"]
        for text in sorted({fact["text"] for fact in row["facts"]}, key=len, reverse=True):
            rest = rest.replace(text, " ")
        kinds = sorted({fact.kind for fact in find_facts(rest)})
        if any(c.isnumeric() for c in rest) or _ADDRESS_SIGN.search(rest) or kinds:
            found.append(
                f"ad {row['rank']} of {row['brief_id']} holds {', '.join(kinds) or 'digits or an address'} "
                "that its brief does not"
            )
    return found


def _plain_words(text: str) -> list[str]:
    """Words outside of facts and slots, homophones folded."""
    return [search_key(word).lower() for word in words(SLOT.sub(" ", text)) if any(c.isalpha() for c in word)]


def _runs(items: Sequence[str], n: int) -> Iterable[tuple[str, ...]]:
    return (tuple(items[start : start + n]) for start in range(len(items) - n + 1))


def _slot_word(match: re.Match[str]) -> str:
    return f" slot{match[1]}{match[2]} "


def _closed_up(lines: Sequence[str]) -> str:
    """Lines joined, without blank lines at the ends or two in a row."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
