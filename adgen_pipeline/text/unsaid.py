"""What a brief says must not be written: «never write "100% guaranteed"», «… ብላችሁ እንዳትጽፉ».

Places are those of folded texts (`lexical.folded`).
"""

import re

from adgen_pipeline.text.lexical import folded

_QUOTED = re.compile(
    r"«[^«»\n]{1,120}»|“[^“”\n]{1,120}”|\"[^\"\n]{1,120}\"|‘[^‘’\n]{1,120}’|(?<!\w)'[^'\n]{1,120}'(?!\w)"
)
_SAY = r"(?:say|write|use|claim|mention|promise|print|put|include|state|advertise|call it|tell)"
_SAYING = (
    r"(?:saying|writing|using|claiming|mentioning|promising|stating|the (?:words?|phrases?|expressions?))"
)
_NOT = r"(?:never|do[ _]not|don[’']?t|must[ _]not|may not|should not|shouldn[’']?t|cannot|can[’']?t|not to)"
# English says so before the words, or after them in the passive.
_BEFORE = re.compile(
    rf"(?<!\w)(?:{_NOT}[ _](?:ever |please |also )?{_SAY}|(?:avoid|without|no|stop|instead of) {_SAYING})(?![a-z])"
)
_AFTER = re.compile(
    r"(?:must|may|should|can) ?not (?:be|appear|stand)"
    r"|(?:is|are) (?:not (?:allowed|permitted)|forbidden|banned|prohibited)"
)
# Amharic says so after them, in the verb: አትጻፉ, እንዳይባል, መጻፍ የለበትም; Latin letters write it in as many ways as people do.
_AMHARIC = re.compile(
    folded(
        r"(?:እንዳ|አ)(?:ት|ይ|ን)(?:በሉ|በል|ባል|ፃፉ|ፃፍ|ፅፉ|ፅፍ|ጥቀሱ|ጠቀስ|ጠቅሱ|ጠቀሙ|ጨምሩ|ጠቀምቡ|ገባ|ግባ)\w*"
        r"|(?:መባል|መፃፍ|መጥቀስ|መጠቀም|መግባት) (?:የለበትም|የለባቸውም|አይቻልም|ክልክል ነው)"
    )
    + r"|(?:enda|inda|a)(?:t|y)i?(?:belu|bal|tsafu|tsifu|tsaf|xafu|safu)"
)
_CLAUSE_END = re.compile(r"[.!?;\n።]|\bbut\b|\binstead\b")
_SENTENCE_END = re.compile(r"[?;\n።]|\.\s")
_SAYS_AGAIN = re.compile(rf"(?<!\w){_SAY}(?!\w)")
_BEFORE_CHARS, _AFTER_CHARS = (
    100,
    60,
)  # between the words and what forbids them; further quotations may stand there
_CLAIM_CHARS = 100

Span = tuple[int, int]


def quoted_unsaid(key: str) -> list[Span]:
    """Quotations that the folded text says must not be written."""
    return [match.span() for match in _QUOTED.finditer(key) if _is_forbidden(key, *match.span())]


def unsaid(key: str) -> list[Span]:
    """Quotations and clauses that the folded text says must not be written."""
    found = quoted_unsaid(key)
    for match in _BEFORE.finditer(key):
        end = _CLAUSE_END.search(key, match.end(), match.end() + _CLAIM_CHARS)
        found.append((match.end(), end.start() if end else min(len(key), match.end() + _CLAIM_CHARS)))
    for match in _AMHARIC.finditer(key):
        low = max(0, match.start() - _AFTER_CHARS)
        for stop in _CLAUSE_END.finditer(key, low, match.start()):
            low = stop.end()
        found.append((low, match.start()))
    return sorted(found)


def _is_forbidden(key: str, start: int, end: int) -> bool:
    for match in _BEFORE.finditer(key, max(0, start - _BEFORE_CHARS), start):
        gap = key[match.end() : start]
        if not _CLAUSE_END.search(gap) and not _SAYS_AGAIN.search(gap):
            return True
    for pattern in (_AFTER, _AMHARIC):
        after = pattern.search(key, end, end + _AFTER_CHARS)
        if after and not _SENTENCE_END.search(key, end, after.start()):
            return True
    return False
