"""Whether an ad may run: Telegram's advertising rules and the customer's tags, as versioned data with evidence."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from adgen_pipeline.text.lexical import amharic_pattern, english_pattern, folded, spans

Verdict = Literal["allow", "review", "refuse"]

_FILE = Path(__file__).with_name("policy.yaml")
_SEVERITY: dict[str, int] = {"allow": 0, "review": 1, "refuse": 2}


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a text.

    Attributes:
        verdict: the strictest of the rules that match; allow if none does.
        rules: their ids, such as "5.6", in the order of the rule file.
        evidence: rule id, words that triggered it, start and end in the text.
        version: of the rule file.
    """

    verdict: Verdict
    rules: tuple[str, ...]
    evidence: tuple[tuple[str, str, int, int], ...]
    version: str


def judge(text: str) -> Judgement:
    """The judgement on a text, a brief or an ad."""
    version, rules = _rules()
    key = folded(text)
    # A few characters (İ) change length in lower case; evidence is then quoted from the folded text.
    source = text if len(key) == len(text) else key
    evidence: list[tuple[str, str, int, int]] = []
    verdict: Verdict = "allow"
    for rule in rules:
        harmless = spans(key, rule.unless)
        found = [
            (start, end)
            for start, end in spans(key, rule.patterns)
            if not any(begin <= start < stop or start <= begin < end for begin, stop in harmless)
        ]
        evidence += [(rule.rule_id, source[start:end], start, end) for start, end in found]
        if found and _SEVERITY[rule.verdict] > _SEVERITY[verdict]:
            verdict = rule.verdict
    return Judgement(verdict, tuple(dict.fromkeys(e[0] for e in evidence)), tuple(evidence), version)


def strictest(*judgements: Judgement) -> Judgement:
    """Several judgements as one."""
    worst = max(judgements, key=lambda j: _SEVERITY[j.verdict])
    rules = tuple(dict.fromkeys(rule for judgement in judgements for rule in judgement.rules))
    evidence = tuple(e for judgement in judgements for e in judgement.evidence)
    return Judgement(worst.verdict, rules, evidence, worst.version)


def rule_names() -> dict[str, str]:
    """Rule ids and what they are about."""
    return {rule.rule_id: rule.name for rule in _rules()[1]}


@dataclass(frozen=True)
class _Rule:
    rule_id: str
    name: str
    verdict: Verdict
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=1)
def _rules() -> tuple[str, tuple[_Rule, ...]]:
    values = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    rules = tuple(
        _Rule(
            rule_id,
            entry["name"],
            entry["verdict"],
            (amharic_pattern(entry.get("am", [])), english_pattern(entry.get("en", []))),
            tuple(re.compile(re.escape(folded(word))) for word in entry.get("unless", [])),
        )
        for rule_id, entry in values["rules"].items()
    )
    return str(values["version"]), rules
