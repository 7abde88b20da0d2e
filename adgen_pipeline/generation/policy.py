"""Whether an ad may run: Telegram's advertising rules, the customer's tags and clients' own rules, with evidence.

The rules are data (policy.yaml; a client's files beside it). A judgement names the rule, the words and the version of
the rules, so that a stored one can be compared with what the rules say today.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from adgen_pipeline.errors import BriefError
from adgen_pipeline.text.brief import Brief, brief_text
from adgen_pipeline.text.contexts import Context, contexts
from adgen_pipeline.text.lexical import (
    amharic_pattern,
    any_pattern,
    english_pattern,
    folded,
    spans,
    verb_pattern,
)
from adgen_pipeline.text.unsaid import quoted_unsaid, unsaid

Verdict = Literal["allow", "needs_review", "refuse"]
TAGS = ("gambling", "politics", "profanity", "religious")

_FILE = Path(__file__).with_name("policy.yaml")
_SEVERITY: dict[str, int] = {name: place for place, name in enumerate(get_args(Verdict))}
_RULE_KEYS = {"name", "verdict", "parts"}
_PART_KEYS = {"tag", "am", "verbs", "en", "both", "unless", "contexts", "is_place"}
_PLACE_CHARS = 24  # between a church and the word that makes it an address: «ከሚካኤል ቤተ ክርስቲያን በታች፣ ፊት ለፊት»
_PATTERN = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a text.

    Attributes:
        verdict: the strictest of the rules that match; allow if none does.
        rules: their ids, such as "5.6", in the order of the rule files.
        tags: of TAGS, and of clients' rules, in that order.
        evidence: rule id, words that triggered it, start and end in the text.
        version: of the rules.
    """

    verdict: Verdict
    rules: tuple[str, ...]
    tags: tuple[str, ...]
    evidence: tuple[tuple[str, str, int, int], ...]
    version: str


@dataclass(frozen=True)
class _Part:
    rule_id: str
    verdict: Verdict
    tag: str | None
    patterns: _PATTERN
    both: tuple[tuple[_PATTERN, _PATTERN], ...]
    unless: _PATTERN
    contexts: tuple[Context, ...]
    place_after: re.Pattern[str] | None
    place_before: re.Pattern[str] | None

    def found(self, key: str) -> list[tuple[int, int]]:
        """Where the folded text says it, in order, harmless places left out."""
        matches = spans(key, self.patterns)
        for first, second in self.both:
            one, other = spans(key, first), spans(key, second)
            if one and other and set(one) != set(other):
                matches += [*one, *other]
        if not matches:
            return []
        # Of what the text says must not be written, only claims are harmless without quotation marks: else a «never»
        # would clear all.
        forbidden = unsaid(key) if self.verdict == "needs_review" else quoted_unsaid(key)
        harmless = [*spans(key, self.unless), *forbidden]
        return [
            (start, end)
            for start, end in sorted(set(matches))
            if not any(begin <= start < stop or start <= begin < end for begin, stop in harmless)
            and not self._is_address(key, start, end)
            and not any(context.excuses(key, start, end) for context in self.contexts)
        ]

    def _is_address(self, key: str, start: int, end: int) -> bool:
        if self.place_after is None or self.place_before is None:
            return False
        after = self.place_after.search(key, end, end + _PLACE_CHARS)
        return (
            after is not None
            or self.place_before.search(key, max(0, start - _PLACE_CHARS), start) is not None
        )


class Policy:
    """Rules, compiled.

    Usage::

        policy = Policy.with_clients(store.policy)
        policy.judge(text).verdict
    """

    def __init__(self, documents: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Compile rule documents, the first one ours.

        Args:
            documents: file name and content of each.

        Raises:
            BriefError: a document is not of the form that policy.yaml describes, or names a rule that is there.
        """
        place = {name: documents[0][1][name] for name in ("place_after", "place_before")}
        self._names: dict[str, str] = {}
        self._parts: list[_Part] = []
        for source, document in documents:
            for rule_id, entry in _rules_of(document, source).items():
                if rule_id in self._names:
                    raise BriefError(
                        f"{source}: the rule {rule_id} is there already. Give yours another name."
                    )
                self._names[rule_id] = str(entry.get("name", rule_id))
                self._parts += _parts(rule_id, entry, place, source)
        extra = [document for _, document in documents[1:]]
        digest = sha256(repr(extra).encode()).hexdigest()[:8] if extra else ""
        self.version = str(documents[0][1]["version"]) + (f"+{digest}" if digest else "")

    @classmethod
    def with_clients(cls, folder: Path) -> "Policy":
        """Our rules and those of the .yaml files of a folder, which need not be there.

        Raises:
            BriefError: a file cannot be read or is not of that form.
        """
        files = sorted(f for f in folder.glob("*.y*ml") if f.is_file()) if folder.is_dir() else []
        stamps = tuple((file, (seen := file.stat()).st_mtime_ns, seen.st_size) for file in files)
        return _with_files(stamps) if files else ours()

    def judge(self, text: str) -> Judgement:
        """The judgement on a text, a brief or an ad."""
        key = folded(text)
        # A few characters (İ) change length in lower case; evidence is then quoted from the folded text.
        source = text if len(key) == len(text) else key
        evidence: list[tuple[str, str, int, int]] = []
        tags: list[str] = []
        verdict: Verdict = "allow"
        for part in self._parts:
            found = part.found(key)
            evidence += [(part.rule_id, source[start:end], start, end) for start, end in found]
            if found and part.tag is not None:
                tags.append(part.tag)
            if found and _SEVERITY[part.verdict] > _SEVERITY[verdict]:
                verdict = part.verdict
        rules = tuple(dict.fromkeys(rule for rule, *_ in evidence))
        return Judgement(verdict, rules, tuple(dict.fromkeys(tags)), tuple(evidence), self.version)

    def judge_brief(self, brief: Brief) -> Judgement:
        """The judgement on a brief, words that were set aside from it included.

        An ad's is the `strictest` of this one and its own: harmless words of an ad do not clear its brief.
        """
        return self.judge("\n".join([brief_text(brief), *brief.sensitive]))

    def rule_names(self) -> dict[str, str]:
        """Rule ids and what they are about."""
        return dict(self._names)


@lru_cache(maxsize=4)
def _with_files(stamps: tuple[tuple[Path, int, int], ...]) -> Policy:
    """Our rules and those of files, compiled once as long as no file changes: edits are judged while they are typed."""
    return Policy([(_FILE.name, _document(_FILE)), *((file.name, _document(file)) for file, *_ in stamps)])


@lru_cache(maxsize=1)
def ours() -> Policy:
    """The rules of policy.yaml."""
    return Policy([(_FILE.name, _document(_FILE))])


def judge(text: str) -> Judgement:
    """The judgement of our own rules on a text."""
    return ours().judge(text)


def strictest(*judgements: Judgement) -> Judgement:
    """Several judgements as one."""
    worst = max(judgements, key=lambda j: _SEVERITY[j.verdict])
    rules = tuple(dict.fromkeys(rule for judgement in judgements for rule in judgement.rules))
    tags = tuple(dict.fromkeys(tag for judgement in judgements for tag in judgement.tags))
    evidence = tuple(e for judgement in judgements for e in judgement.evidence)
    return Judgement(worst.verdict, rules, tags, evidence, worst.version)


def rule_names() -> dict[str, str]:
    """Ids of our rules and what they are about."""
    return ours().rule_names()


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise BriefError(f"{path}: the rules cannot be read ({reason}). Mend that line.") from error
    if not isinstance(document, dict) or not isinstance(document.get("rules"), dict):
        raise BriefError(f"{path}: no rules in it. A rule file is a mapping with `rules`, as policy.yaml is.")
    return document


def _rules_of(document: Mapping[str, Any], source: str) -> dict[str, Mapping[str, Any]]:
    rules: dict[str, Mapping[str, Any]] = {}
    for rule_id, entry in document["rules"].items():
        known = isinstance(entry, dict) and set(entry) <= _RULE_KEYS | _PART_KEYS
        if not known or entry.get("verdict") not in _SEVERITY or entry["verdict"] == "allow":
            raise BriefError(
                f"{source}: the rule {rule_id} needs a verdict (needs_review or refuse) and words under "
                f"{', '.join(sorted(_PART_KEYS))}. See policy.yaml."
            )
        rules[str(rule_id)] = entry
    return rules


def _parts(
    rule_id: str, entry: Mapping[str, Any], place: Mapping[str, list[str]], source: str
) -> list[_Part]:
    """A rule's parts; a rule without parts is one itself."""
    parts = entry.get("parts") or [{key: value for key, value in entry.items() if key in _PART_KEYS}]
    try:
        return [_part(rule_id, part.get("verdict", entry["verdict"]), part, place) for part in parts]
    except (re.error, TypeError, AttributeError, ValueError) as error:
        raise BriefError(
            f"{source}: the rule {rule_id} cannot be used ({error}). See policy.yaml."
        ) from error


def _part(rule_id: str, verdict: Verdict, part: Mapping[str, Any], place: Mapping[str, list[str]]) -> _Part:
    if verdict not in _SEVERITY or verdict == "allow":
        raise ValueError("the verdict of a part is needs_review or refuse")
    is_place = bool(part.get("is_place"))
    return _Part(
        rule_id=rule_id,
        verdict=verdict,
        tag=part.get("tag"),
        patterns=(
            amharic_pattern(part.get("am", []), inflected=True),
            verb_pattern(part.get("verbs", [])),
            english_pattern(part.get("en", [])),
        ),
        both=tuple((any_pattern(first), any_pattern(second)) for first, second in part.get("both", [])),
        unless=tuple(re.compile(re.escape(folded(word))) for word in part.get("unless", [])),
        contexts=contexts(part.get("contexts", [])),
        place_after=_any_of(place["place_after"]) if is_place else None,
        place_before=_any_of(place["place_before"]) if is_place else None,
    )


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(folded(word)) for word in words))
