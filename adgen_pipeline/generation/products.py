"""Which words of a sentence or field name the product, without the request and the offer around them."""

import re

from adgen_pipeline.generation.courtesies import is_medium
from adgen_pipeline.generation.points import MEMBER

_ETHIOPIC = re.compile("[\u1200-\u135a]")
_SIDES = re.compile(r"\s+[/|]\s+|\s*[()]\s*")
_SELLS = re.compile(
    r"(?i:\b(?:sell(?:s|ing)?|advertis(?:e|es|ing)|promot(?:e|es|ing)|offer(?:s|ing)?|introduc(?:e|es|ing)|provid(?:e|es|ing)"
    r"|open(?:s|ing|ed)? (?:a|an|our|its|the)|present(?:s|ing)? (?:a|an|our|its|the)"
    r"|ad(?:vert)?s? for|launch(?:ing)?|brief:)\s+)"
    r"(?P<what>[^.;:!?\n]+)"
)
_PRODUCT_END = re.compile(
    r"(?i:\s(?:at|from|in|located|call|price[ds]?|which|that|starting|near|waga|wagaw)\b)|,\s|\s[-–—]\s|\("
)
# «ምርት፦ ጫማ ዋጋ 500 ብር ስልክ 09…» on one line: price and contact are facts, not words of the product.
_OFFER_IN_PRODUCT = re.compile(
    r"(?:(?:ስልክ(?: ቁጥር)?|ዋጋው?|(?i:price|phone|call|tel))\s*[:፦\-]?\s*)?⟨(?:price|phone|handle|email|url)_\d+⟩"
)
_CLAUSE_END = re.compile(r"\s*[፣፤;]\s*|,(?!\d)\s*|\s\+\s")
_LABEL_AT_END = re.compile(r"(?:(?:^|\s+)(?:ዋጋው?|ስልክ|አድራሻ))+\s*$")


def english_product(text: str) -> tuple[str, str, bool]:
    """The words of an English sentence that name the product, those behind them, whether a verb of selling says so."""
    sells = _SELLS.search(text)
    sells = None if sells and is_medium(sells["what"]) else sells
    what = sells["what"] if sells else text
    end = _PRODUCT_END.search(what)
    return (
        (what[: end.start()], what[end.start() :], sells is not None)
        if end
        else (what, "", sells is not None)
    )


def without_offer(text: str) -> str:
    """Product words without prices and contacts that stand on the same line."""
    return _OFFER_IN_PRODUCT.sub(" ", text)


def without_label(text: str) -> str:
    """Product words without a label at their end whose fact is a slot: «… ዋጋ»."""
    return _LABEL_AT_END.sub("", text)


def head_clause(text: str) -> tuple[str, str]:
    """The clauses of an Amharic sentence that name the product, at least two words, and those behind them."""
    for end in _CLAUSE_END.finditer(text):
        words = [word for word in text[: end.start()].split() if any(c.isalpha() for c in word)]
        is_list = " እና " in _CLAUSE_END.split(text[end.end() :])[0]
        if len(words) > 1 and not (is_list and MEMBER.fullmatch(words[-1])):
            return text[: end.start()], text[end.end() :]
    return text, ""


def amharic_side(text: str) -> str:
    """The Amharic one of two names for the same thing («sofa / ሶፋ»)."""
    sides = [side for side in _SIDES.split(text) if side]
    amharic = [side for side in sides if _ETHIOPIC.search(side)]
    return " ".join(amharic) if len(amharic) < len(sides) and amharic else text
