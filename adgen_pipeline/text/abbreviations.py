r"""Amharic and English abbreviations: a part of a word, or a dot, that ends neither a word nor a sentence.

Amharic shortens a word to its first letter (or first and last) and joins the parts with a slash or with dots: ት/ቤት,
ጠ/ሚኒስትር, ገ/ሚካኤል, ዓ.ም, ኃ/የተ/የግ/ማ. A rule finds them, for new ones are made every day; the lists hold what no rule tells.
"""

from adgen_pipeline.text.patterns import ETHIOPIC_LETTER as _LETTER

# Prepositions and "the house of" (እነ) are written together with what follows: የት/ቤት, ከነዶ/ር, የእነዶ/ር.
_PREFIX = "(?:[የበለከስ]?እነ|[በከለየ]ነ|[የበለከስ]|እንደ|ስለ)"
# First parts of more than one letter.
_LONG_FIRST = "ኢት|ቀኛ|ደጃ|ፊታ|ክፍ|መጽ|ዶክ"

# Two words with a slash between them are a choice (ጥቁር/ነጭ, ሴት/ወንድ), unless the first is one letter, whatever it means.
_SLASHED = rf"{_PREFIX}?(?:{_LETTER}|{_LONG_FIRST})(?:/{_LETTER}{{1,12}})+"
_DOTTED = rf"{_PREFIX}?{_LETTER}(?:\.{_LETTER}{{1,2}})*\.(?:{_LETTER}{{1,2}}|ቤቱ?)(?:ን|ና|ም)?"
ABBREVIATION = rf"(?:{_SLASHED}|{_DOTTED})(?!{_LETTER})"

# Words that are shortened with a dot at their end, and go on: "ፕሮፍ. አበበ", "Tel. 0900 …".
_AMHARIC_SHORTENED = "ፕሮፍ|ዶክ|ኢንጂ|ቴሌ|ካፒ|ሌተ|መም|ወይዘ|ቁጥ|ክፍ"
_ENGLISH_SHORTENED = (
    "[Mm]rs?|[Mm]s|[Dd]r|[Pp]rof|[Ee]ng|[Nn]o|[Ss]t|[Tt]el|[Bb]r|[Vv]s|[Aa]pprox|[Bb]ldg|e\\.g|i\\.e"
)
INITIAL = (
    f"{_LETTER}|[A-Z]|\\d"  # one letter or digit: an initial, a part of "ዓ. ም.", the number of a list's item
)
SHORTENED = f"{_AMHARIC_SHORTENED}|{_ENGLISH_SHORTENED}"
DOTTED_BEFORE = rf"\.{_LETTER}{{1,2}}"  # the last dot of "ዓ.ም." and "እ.ኤ.አ."
