"""Words of the letter around an ad: greetings, thanks, signatures and the request itself name nothing that is sold."""

import re
from collections.abc import Sequence

from adgen_pipeline.generation.fields import Field
from adgen_pipeline.text.facts import find_facts

_VOCATIVE = (
    r"(?:(?:እህ[ትቴ]|ወንድ[ምሜ]|ወንድማችን|እህታችን|ጓደኛ\w*|ጌታዬ|እናቴ|አባቴ|ሁላችሁ\w*|ቤተሰቦ?ች?|ወገኖ?ች?|ቡድኖ?ች?|ክቡራን|አቶ \S+|ወ/ሮ \S+"
    r"|ወ/ሪት \S+|ውድ \S+"
    r"|እንዴት (?:ነህ|ነሽ|ናችሁ|ነዎት|አላችሁ|ዋላችሁ|አደራችሁ)|እንደምን (?:ነህ|ነሽ|ናችሁ|አላችሁ|አለህ|አለሽ|ዋላችሁ|ዋልክ|ዋልሽ|አደራችሁ|አደርክ|አደርሽ"
    r"|ሰነበታችሁ))(?!\w)"
    r"|(?i:(?:w[eo]ndim\w*|[ei]hit?e\w*|gash\w*|etete|all|team|sirs?|madam|ma'am|everyone|everybody|there|friends?|brother|sister|colleagues?"
    r"|endemin \w+|indemin \w+|endet \w+|to whom it may concern)\b))"
)
_HELLO = (
    r"(?:(?:ሰላም(?:ታ|ታዬ)?|ጤና ይስጥል[ኝን]|ጤናይስጥል[ኝን]|እንደምን \S+|ክቡራን?|ውድ \S+)(?!\w)"
    r"|(?i:\b(?:selam(?:ta)?|tena yistil\w*|hello|hi|hey|dear|greetings|good (?:morning|afternoon|evening|day))\b))"
)
_GREETING = re.compile(rf"\W*{_HELLO}(?:[\s,፣]+{_VOCATIVE}){{0,3}}(?:[\s!.,።፣:፦–-]+|\Z)[^\w\s⟨]*\s*")
_DEAR = re.compile(
    r"\W*(?i:dear|hi|hello|hey)(?:[ ][A-Z][\w.'’-]*|[ ](?:and|team|the|marketing|sales|ad|agency)){1,5}\s*[,!:]\s*"
)
_WISHES = re.compile(
    r"\W*(?:(?i:(?:i |we )?(?:hope|trust) (?:you|this|all|that)\b.*|many thanks\b.*|thanks?(?: you)?\b[^\d]*"
    r"|(?:best|kind|warm)? ?regards\W*"
    r"|(?:yours )?sincerely\W*|cheers\W*|looking forward\b.*|ameseginal\w*\W*|amesegnal\w*\W*)"
    r"|(?:በጣም )?(?:አመሰግናለሁ|እናመሰግናለን)\W*|ከሰላምታ ጋር\W*"
    r"|ከአክብሮት ጋር\W*|እሺ\W*|ደስ ይለ\w+\W*)",
    re.DOTALL,
)
_CLOSING = re.compile(
    r"\W*(?:(?i:many thanks|thanks|thank you|(?:(?:best|kind|warm) )?regards|(?:yours )?(?:sincerely|faithfully"
    r"|truly)|cheers|ameseginal\w*)"
    r"|አመሰግናለሁ|እናመሰግናለን|ከሰላምታ ጋር|ከአክብሮት ጋር)\W*"
)
_SIGNATURE_LINES = 3
_SIGNATURE_WORDS = 5
# Words of the request around the ad, not of the ad.
_REQUEST = re.compile(
    r"(?:አጭር|ማራኪ|ቆንጆ|ጥሩ|አንድ)\s+(?=(?:\w+\s+)?የ?(?:ማስታወቂያ|ፖስት|ጽሑፍ|ጽሁፍ|ፅሁፍ))|(?:(?:ለ|የ|በ)(?:ቴሌግራም|ቻና[ልላሉ]\w*|ገ[ጽፅ]\w*|ፌስቡክ)(?:\s+ቻናላችን)?|የሚ(?:ሆን|ወጣ|ለጠፍ|ለቀቅ)"
    r"(?=\s+(?:አጭር|ማራኪ|ማስታወቂያ|ፖስት|ጽሑፍ|ጽሁፍ|ፅሁፍ|ነገር|$))|የ?ማስታወቂያ\w*|ፖስት(?:\s*(?:እንፈልጋለን|እፈልጋለሁ|ፈልገን|ፈልጌ))?|ጽሑፍ"
    r"|ጽሁፍ|ፅሁፍ|ይህንን? የሚገልጽ"
    r"|\w*እንፈልጋለን|\w*እፈልጋለሁ|(?:ፈልገን|ፈልጌ)(?:\s+ነበር)?|እባክ(?:ዎ|ህ|ሽ|ዎን|ችሁ)\w*|ይፃፍ\w*|ይጻፍ\w*|ፃፍ\w*|ጻፉ\w*|አዘጋጁ\w*|ያዘጋጁ\w*|አዘጋጅ\w*"
    r"|(?:ሥሩ|ስሩ|ይሥሩ|ይስሩ|ይሠራ|ይሰራ|ሥራ|ላኩ|ብትልኩ|ብትልኪ|ብትሠሩ|ብትሰሩ|አስተዋውቁ|ያስተዋውቁ)ል[ንኝ]\w*|ለመሸጥ|ማስተዋወቅ|ለማስተዋወቅ|ይደውሉ\w*|ለማዘዝ|እንሸጣለን|እንሸጥ"
    r"|ሰላም|ጤና ይስጥል[ኝን]|የምንሸጠው|አለን|ነው|ናቸው|ዋጋው?|ስልክ(?: ቁጥር)?|አድራሻ(?:ችን)?|ብራንድ)(?!\w)"
    r"|(?i:\b(?:le )?channel(?:achin|u)\w*|\b(?:post|mastawek\w*|mastaweq\w*)\s+(?:fell?eg\w*|enfell?ig\w*"
    r"|efell?ig\w*|tsaf\w*|sir\w*)(?:\s+neber)?"
    r"|\bfell?eg\w*\s+neber\b|\benfelligalen\b)"
)

_ENGLISH_REQUEST = re.compile(
    r"\W*(?i:(?:(?:please|kindly|can you|could you|would you|we|i|you)\s+)*"
    r"(?:need|want|would like|prepare|make|write|create|design|do)"
    r"\s+(?:us\s+|me\s+)?(?:an?|the|some|one)?\s*(?:short|nice|good|new|attractive|simple)?\s*"
    r"(?:telegram|facebook|social media|channel)?\s*(?:posts?|ads?|adverts?|advertisements?|captions?|messages?)\b"
    r"\s*(?:for|about|on)?\s*)"
)
_FOR_A_BUSINESS = re.compile(
    r"(?i:(?:our|my|the)\s+(?:\w+\s+){0,3}(?:clinic|shop|store|hotel|school|academy|restaurant|caf[eé]|bakery|company|business"
    r"|pharmacy|boutique|salon|gym|hospital|lodge|bank|agency|office|studio|channel)\b)\W*[^.!?]{0,40}$"
)
_MEDIUM = re.compile(
    r"(?i:\b(?:our|your|my|the|this|a|an|us|me|telegram|social|media|channels?|pages?|groups?|posts?|audience|followers?"
    r"|subscribers?|customers?|readers?|shop|store|business|company|people|members?|new|short|nice|please)\b)"
)


def without_greeting(sentence: str) -> str:
    """The sentence with blanks for the greeting that opens it; all blank if it only greets, thanks or wishes."""
    if _WISHES.fullmatch(sentence.strip()) and not find_facts(sentence):
        return " " * len(sentence)
    opened = _DEAR.match(sentence) or _GREETING.match(sentence)
    return sentence if opened is None else " " * opened.end() + sentence[opened.end() :]


def is_medium(phrase: str) -> bool:
    """Whether English words name only where the ad appears, or whom it is for: «our Telegram channel»."""
    return not any(c.isalpha() for c in _MEDIUM.sub("", phrase))


def without_request(sentence: str) -> str:
    """The sentence without words that ask for an ad; blank if it says only for whom («a post for our clinic»)."""
    asked = _ENGLISH_REQUEST.match(sentence)
    if asked and _FOR_A_BUSINESS.match(sentence, asked.end()):
        return " " * len(sentence)
    return _REQUEST.sub(" ", sentence[asked.end() :] if asked else sentence)


def without_signature(fields: Sequence[Field]) -> list[Field]:
    """The fields without the lines of names below «Thank you» at the end of a letter; contacts there stay."""
    for at in range(len(fields) - 1, max(-1, len(fields) - 2 - _SIGNATURE_LINES), -1):
        if fields[at].name in ("body", "features") and _CLOSING.fullmatch(fields[at].value):
            below = [
                f
                for f in fields[at + 1 :]
                if f.label or find_facts(f.value) or len(f.value.split()) > _SIGNATURE_WORDS
            ]
            return [*fields[:at], *below]
    return list(fields)
