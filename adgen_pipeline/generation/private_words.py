"""How briefs say that something is not for the ad: words that forbid to print, figures of the house, talk to a program.

What a person tells an agency is more than what customers may read: an own mobile, a cost price, the budget. Words that
forbid are told by what they do (a negation before a verb of writing), not by what they are about. Amharic is compared
by `text.letters.shape`, in any spelling.
"""

import re

from adgen_pipeline.text.letters import shape, shaped

# --- Words to a program ---------------------------------------------------------------------------------------------
_MACHINE = (
    r"(?:a\.?i\.?|llms?|gpt|chat ?gpt|claude|gemini|copilot|(?:large )?language models?|chat ?bots?"
    r"|(?:ai|virtual|writing|digital) (?:assistants?|agents?|models?|tools?|writers?|systems?))"
)
_NAMED_MACHINE = rf"(?:{_MACHINE}|(?:the |this )(?:bot|model|assistant|generator|system|algorithm|program))"
_AMHARIC_MACHINE = (
    r"(?:(?i:ai|a\.i\.?|gpt|chatgpt)|ኤ\.?\s?አይ|ሰው ?ሠራሽ (?:አስተውሎት|የማሰብ)\w*|ቻት ?ጂፒቲ|ቻት ?ቦት\w*|ቦቱ|ሞዴሉ)"
)
_TO_PROGRAM = (
    r"(?i:\b(?:ignore|disregard|forget|override|bypass)\b[^.።\n]{0,40}"
    r"\b(?:instructions?|prompts?|rules?|above|previous|earlier|prior|the (?:brief|shop|client|text) )"
    r"|\byou are (?:now|an? (?:assistant)\b)|\bsystem (?:prompt|message|override)\b|\bas an ai\b|\bjailbreak\b"
    rf"|\b(?:you are|if you are|as) (?:an? |the )?{_MACHINE}\b"
    rf"|\b(?:notes?|messages?|instructions?|attention|commands?|directions?|prompt|dear|hey)[ :,]+(?:"
    rf"(?:to|for) (?:an? |any |all |the |our |your )?(?:{_NAMED_MACHINE}|model|bot)|(?:an? |any "
    rf"|all |the )?{_MACHINE})\b"
    rf"|\b{_MACHINE} (?:instructions?|notes?|prompts?|override|directive)\b"
    rf"|(?:^|[.!?።(\[\"«]\s*)(?:to |for )?(?:the |any |all )?{_NAMED_MACHINE}\s*(?:reading this\s*)?[:,፦])"
    rf"|(?i:\b{_MACHINE}\b)[^.\n]{{0,20}}\b(?i:must|should|reading this|that (?:reads|writes))\b"
    r"|(?i:^\W*(?:system|assistant|developer|user)\s*[:>\]])[^\n]*\b(?i:ignore|disregard|write|reply|respond|answer|say|add"
    r"|give|use|output|print|you|must|instead|always|never|the (?:ad|brief|price|phone|user))\b"
    rf"|(?<!\w)ለ{_AMHARIC_MACHINE}[ሀ-ፚ]{{0,2}}\s*(?:\S+\s+)?(?:መመሪያ|ማስታወሻ|ትእዛዝ|መልእክት|የተጻፈ|የተሰጠ|ብቻ|[:፦])"
    rf"|(?:መመሪያ|ማስታወሻ|ትእዛዝ|መልእክት)\w*\s+ለ{_AMHARIC_MACHINE}"
    rf"|{_AMHARIC_MACHINE}\s+ከሆን[ክሽኩ]|{_AMHARIC_MACHINE}\s+ከሆኑ"
    r"|(?:መመሪያ|ትእዛዝ|ደንብ)\w*\s+(?:\S+\s+){0,2}(?:ተወ|ተው|ተዉ|ችላ|እርሳ|ርሳ|ዘንጋ|ሰርዝ|ሰርዘ|አትከተ)"
    r"|(?:ከላይ|ከዚህ በፊት|ቀደም ሲል|እስካሁን)\s+(?:\S+\s+){0,4}(?:ተወ|ተው|ተዉ|ችላ|እርሳ|ርሳ|ዘንጋ|ሰርዝ|ሰርዘ|አትከተ|አትመልከ)"
    r"|(?<!\w)ችላ\s+(?:በል|በሉ|በይ|ብለህ|ብለሽ|ብላችሁ|ይበሉ)"
    r"|(?i:\b(?:kelay|kezih befit)\b[^.\n]{0,40}\b(?:chila|chela|resa|irsa|ersa|tew|tewu|serz)\w*"
    r"|\ble ?(?:ai|modelu|botu)\b[^.\n]{0,12}\b(?:memeria|memriya|mastawesha))"
)
_INSTRUCTION = shaped(_TO_PROGRAM)
_PROGRAM_LABEL = re.compile(
    rf"(?i:\b(?:to|for)\s+(?:the |any |an? )?(?:{_MACHINE}|the (?:model|bot|assistant|system))$"
    rf"|^{_MACHINE}(?: (?:only|notes?|instructions?|prompts?|messages?|hints?|override|directives?))?$"
    r"|^(?:model|bot|assistant|system|llm)[ _](?:notes?|instructions?|prompts?|messages?|override|directives?)$"
    r"|^(?:prompt|system prompt|assistant)$)"
    rf"|^ለ{_AMHARIC_MACHINE}(?:\s+\S+)?$|^(?:መመሪያ|ማስታወሻ|ትእዛዝ|መልእክት)\s+ለ{_AMHARIC_MACHINE}$"
)
_TEMPLATE_TOKEN = re.compile(
    r"<\|[^|>\n]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?(?:system|assistant|instructions?)>"
)

# --- Words that others would have in the ad ------------------------------------------------------------------------
_ASKS_TO_WRITE = re.compile(
    r"(?i:\b(?:write|put|add|insert|include|paste|type|place|print|say|post|start with|end with|begin with)\b)"
)
_QUOTATION = re.compile(r"[\"“«'‘][^\"”»\n]{3,}[\"”»'’]")
_LEADS_AWAY = re.compile(r"(?i:https?://|www\.|t\.me/|@\w{3,}|\b[a-z0-9-]+\.[a-z]{2,}(?:/|\b))")
_SHOPS_OWN = re.compile(r"(?i:\b(?:our|my|ours)\b)")

# --- What is not to be printed --------------------------------------------------------------------------------------
_AD = (
    r"(?:\b(?:ads?|adverts?|advertisements?|posts?|cop(?:y|ies)|captions?|texts?|public(?:ly)?|print|channel|readers?"
    r"|customers?|anyone|anybody|numbers?|phones?|mobiles?|prices?|words?|names?|claims?|photos?|logos?)\b)"
)
_NEVER = (
    r"(?:(?:do|does|must|should|shall|may|can|could|would|is|are|will) ?(?:n[o'’]?t|not)\b|can(?:no"
    r"|')t\b|won'?t\b|dont\b|never\b"
    r"|not to(?: be)?\b|not be\b|avoid\b|refrain from\b|no need to\b|(?:rather|prefer|better) not(?: to)?\b"
    r"|not want\b|(?:wouldn|don|didn)['’]?t (?:want|like|wish)\b)"
)
_SURELY = r"(?:print|publish|mention|disclos|reveal|advertis|quot(?:e|ing)|leak)\w*"
_PERHAPS = (
    r"(?:put|includ|writ|say|said|us(?:e|ing|ed)\b|show|shar|post|giv|list|display|add|claim|promis|stat|nam|repeat|announc"
    r"|appear|copy|copied|tell|go(?:es)? (?:in|out|on)|call it|guarantee)\w*"
)
_BETWEEN = r"(?:\s+(?!and\b|but\b)[\w'’]+){0,4}?\s+"
_FORBIDS = re.compile(
    rf"(?i:{_NEVER}{_BETWEEN}{_SURELY}"
    rf"|^\W*(?:(?:please|kindly|and|so|also|just|but|note|nb|or)\W+)*{_NEVER}{_BETWEEN}{_PERHAPS}"
    r"|\bwithout (?:mention|print|publish|nam|quot|reveal)ing\b"
    r"|\b(?:no mention of|not a word (?:about|on|of)|nothing about)\b|\b(?:omit|leave)\b[^.]{0,40}\bout\b|^\W*omit\b"
    r"|\bkeep\b[^.]{0,40}\b(?:out of|off|to yourself|between us|private|confidential|secret|internal)\b)"
)
_FORBIDS_IN_AD = re.compile(rf"(?i:{_NEVER}{_BETWEEN}{_PERHAPS})")
_AD_WORD = re.compile(
    rf"(?i:{_AD})|ማስታወቂያ|ጽ[ሑሁ][ፍፉፋ]|ፖስ[ትቱታቶ]|ቻና[ልሉላ]|ቴሌግራም|[ሕህ]ዝብ|ለደንበኛ|ቁጥ[ርሩሬራ]|ስል[ክኩኬካ]|ዋጋ|ቃ[ልሉላ]"
)
_FOR_YOU = re.compile(
    r"(?i:\bnot (?:meant |intended |to be )?(?:for|in) (?:the )?"
    r"(?:publication|publishing|print(?:ing)?|public|ads?|adverts?|advertisements?|posts?|channel|readers?|customers?"
    r"|release|disclosure|caption)\b"
    r"|\bfor (?:your|our|the agency'?s?|agency|internal|office|staff) (?:own )?"
    r"(?:eyes|information|info|reference|records?|use|planning|knowledge|guidance|file)s?\b"
    r"|\b(?:only|just|strictly|is|are) for (?:you|us|the agency|your team)\b(?:\W|$)|\bfor you (?:only|alone)\b"
    r"|\bbetween (?:us|you and me)\b|\bconfidential\b|\bin confidence\b|\boff the record\b|\bstrictly internal\b"
    r"|\binternal(?:ly)?[ _-](?:use|only|notes?|info\w*|numbers?|prices?|costs?|budget|targets?"
    r"|deadline|memo|matter|documents?"
    r"|contacts?|rate|figures?)\b|\(internal\)|\b(?:just|only) fyi\b|\bfyi only\b|\(fyi\))"
)
_NEGATED = r"(?<![ሀ-ፚ])(?:አትን?|አታ|አይ|አያ|አን|አና|እንዳት|እንዳታ|እንዳይ|እንዳያ|የማይ|የማያ|የማት|የማታ|የማን|ባት|ባታ|ባይ|ባያ|ሳት|ሳታ)"
_WRITE = r"(?:[ጻጽ][ፍፉፊፈፋ]|[ጠጥ][ቀቅ][ስሱሲሰ]|ካት[ትቱቺ]|ካተ[ትቱ]|ለ[ጥጠ][ፍፉፊ]|ታተ[ምሙ]|ትሙት?(?![ሀ-ፚ])|ስተዋው[ቅቁቂ])[ሀ-ፚ]*"
_LET_OUT = (
    r"(?:ው[ጣጡጪ]|ወ[ጣጡ]|ግ[ባቡቢ]|ገ[ባቡቢ]|ስገ[ባቡቢ]|ታ[ይዩዪ]|ሳ[ይዩዪ]|ነ[ገግ][ርሩሪ]|ና?ገ[ርሩሪ]|ባ[ልሉ]|በ[ሉል]|ሉ(?![ሀ-ፚ])|ጠቀ[ምሙሚ]"
    r"|ስ[ጡጥጪ]|ሰ[ጡጥጪ]|ጨም[ሩሪር]|ጋ[ሩራሪ]|ግለ[ጽጹ]|ገ[ለል][ጽጹ]|ኑር|ኖር)[ሀ-ፚ]*"
)
_NEED_NOT = r"(?:የለበ|የለባ|የለብ|አያስፈልግ|አይፈቀድ|አይቻል|ክልክል|አይገባ|አልፈልግ|አንፈልግ|አይኖርበ)[ሀ-ፚ]*"
_FORBIDS_AMHARIC = shaped(
    rf"{_NEGATED}{_WRITE}"
    rf"|(?<![ሀ-ፚ])(?:መጻፍ|መጠቀስ|መጥቀስ|ማካተት|መካተት|መታተም|ማተም|መለጠፍ|ማስተዋወቅ)[ሀ-ፚ]*\s+(?:\S+\s+)?{_NEED_NOT}"
    r"|(?<![ሀ-ፚ])ለ(?:እናንተ|አንተ|አንቺ|እርስዎ|እርሶ|ኤጀንሲው|ቡድኑ)(?:ው)?\s+(?:\S+\s+){0,2}ብቻ"
    r"|(?<![ሀ-ፚ])ለ?የ?ውስጥ\s+(?:ማስታወሻ|መረጃ|ማሳሰቢያ|ዋጋ|በጀት|ጉዳይ|ስምምነት|መልእክት|አስተያየት|ቁጥር|ወጪ|አገልግሎት|እቅድ)"
    r"|በሚስጥር|በምስጢር|[ሚም]ስ[ጥጢ]ር ነው|ሚስጥራዊ|ለህትመት (?:አይ|የማይ|ያል)|ይፋ (?:አይ|የማይ|እንዳይ|ባይ|ያል)|በመካከላችን|በእኛ መካከል"
    r"|ለማስታወቂያ(?:ው)? (?:አይደለም|አይሆንም|ያልሆነ|የማይሆን)|ለ[ህሕ]ዝብ (?:የማይ|አይ|ያል)"
    r"|(?i:\b(?:[ei]?nda[ty]|a[ty]i?|yemay|bay|bat)\w{0,2}(?:ts'?[aiu]?f|xaf|te?i?[qk]e?s|asgeb|asgab)\w*"
    r"|\ble ?(?:nante|inante|enante|ante|anchi)\s+(?:\w+\s+)?bicha\b|\byewust? (?:mastawesha|mereja))"
)
_LET_OUT_AMHARIC = shaped(
    rf"{_NEGATED}{_LET_OUT}"
    rf"|(?<![ሀ-ፚ])(?:መውጣት|መግባት|መናገር|መገለጽ|ማስገባት|መባል|ማለት|መጠቀም|መታየት|መስጠት)[ሀ-ፚ]*\s+(?:\S+\s+)?{_NEED_NOT}"
)
# Figures of the house; with a number they are set aside wherever they stand.
_HOUSE_MONEY = re.compile(
    r"(?i:\bcost price|\b(?:our|my) (?:own )?(?:cost|profit|margin|mark-?up)\b|\bcosts? (?:to )?us\b"
    r"|\bwe (?:buy|bought|pay|paid|get|got|import(?:ed)?) (?:it|them|this|these|each|one)\b"
    r"|\b(?:purchase|buying|landed|supplier'?s?|factory|acquisition|procurement) (?:price|cost)"
    r"|\bprofit margin|\bmargin (?:is|of)"
    r"|\bmark-?up\b|\bbudget\b(?![- ](?:friendly|phones?|prices?|hotels?|options?|laptops?|cars?|models?|smart))"
    r"|\b(?:ad|media|marketing|advertising|campaign) (?:spend|costs?|budget)|\b(?:agency|your|posting|admin)(?:'s)? "
    r"(?:fee|commission|payment|share|cut)\b|\bpay (?:you|the (?:agency|channel|admin))\b"
    r"|\b(?:churn|sales|revenue|growth|subscriber|kpi|conversion)s? targets?\b|\btarget of\b"
    r"|\bcompetitors?\b|\bcompetition\b|\brivals?\b|\belsewhere\b|\b(?:shop|store) next door\b"
    r"|\b(?:other|another|neighbou?r\w*) (?:shops?|sellers?|stores?|companies|dealers?|traders?|brands?|banks?)\b"
    r"|\byegeza\w*|\btirfachin|\btewedadar\w*|\bbejet\w*)"
)
_HOUSE_MONEY_AMHARIC = shaped(
    r"ተወዳዳሪ|ተፎካካሪ|(?<![ሀ-ፚ])[በየ]?ሌ(?:ሎች|ላ)\s+(?:ሱቅ|ሱቆች|ነጋዴዎች|ድርጅቶች|ሻጮች|ቦታ|ጋር|ባንክ)|(?<![ሀ-ፚ])የ?መግዣ|የተገዛ(?:በት|ው)|የገዛን(?:በት|ው)"
    r"|(?<![ሀ-ፚ])ገዝተን|ያመጣንበት|ያስመጣንበት|የገባበት ዋጋ|ትርፋችን|ትርፍ (?:ህዳግ|መጠን)|የምናተርፈ|(?<![ሀ-ፚ])[የበከለ]?በጀት"
    r"|(?:ማስታወቂያ|ኤጀንሲ)[ሀ-ፚ]*\s+(?:\S+\s+)?(?:ክፍያ|ወጪ|ኮሚሽን)|ለ(?:እናንተ|አንተ|ቻናሉ|ኤጀንሲው)\s+(?:\S+\s+){0,3}(?:ክፍያ|እንከፍላ|ይከፈላ|የምንከፍለ)"
    r"|(?:የእናንተ|የኤጀንሲ[ሀ-ፚ]*|የወኪል) (?:ኮሚሽን|ክፍያ|ድርሻ)"
)
_PRIVATE_LABEL = re.compile(
    r"(?i:^(?:not (?:for|to)|do not|don'?t|must not|never|avoid|exclude|omit|forbidden|banned|taboo)\b.*"
    r"|^private(?: (?:notes?|info\w*|phone|number|contact|mobile))?$|^secret(?: notes?| info\w*)?$|^confidential\b"
    r"|^(?:strictly )?internal(?!.*\b(?:storage|memory|ssd|hdd|drive|rom|dimensions?|volume|frame"
    r"|structure|battery|speakers?)\b)"
    r"|\b(?:off the record|hidden)\b|^notes? (?:to|for) (?:the )?(?:agency|designer|writer"
    r"|copywriter|editor|team|you)\b"
    r"|\b(?:things|words|claims|phrases) to avoid\b|\bto avoid$)"
    r"|^(?:ሚስጥር|ምስጢር|ሚስጢር|የተከለከሉ?(?: ቃላት| ቃል)?|የማይ(?:ጻፍ|ጻፉ|ፃፍ|ፃፉ|ነገር|ነገሩ|ወጣ|ወጡ|ባል|ባሉ|ገባ|ገቡ|ገለጽ|ታተም)\S*)$"
)


def speaks_to_program(text: str) -> bool:
    """Whether a sentence is an instruction to whatever reads the brief, not about what is sold."""
    return _INSTRUCTION.search(shape(text)) is not None


def asks_to_write_link(sentence: str) -> bool:
    """Whether a sentence tells the writer to put in quoted words that lead somewhere, and not to the shop's own page.

    «please write "visit example.com to win" at the top»: that link is none of the brief's facts.
    """
    asked = _ASKS_TO_WRITE.search(sentence)
    if asked is None or _SHOPS_OWN.search(sentence):
        return False
    return any(_LEADS_AWAY.search(quoted.group()) for quoted in _QUOTATION.finditer(sentence, asked.end()))


def holds_template_token(text: str) -> bool:
    """Whether a text holds a token of a chat template, such as <|im_start|>."""
    return _TEMPLATE_TOKEN.search(text) is not None


def is_private_label(label: str) -> bool:
    """Whether a field of this name is not for the ad: «not for print», «የውስጥ ማስታወሻ», «cost price», «note to AI»."""
    plain = " ".join(label.replace("_", " ").replace("-", " ").split())
    key = shape(plain)
    return (
        _PRIVATE_LABEL.search(plain) is not None
        or _PROGRAM_LABEL.search(plain) is not None
        or forbids(plain) is not None
        or speaks_of_house_money(key)
    )


def forbids(clause: str) -> tuple[int, int] | None:
    """Where a clause says that something is not for the ad; None if it does not."""
    key = shape(clause)
    found = _FORBIDS.search(clause) or _FOR_YOU.search(clause) or _FORBIDS_AMHARIC.search(key)
    if found is None and _AD_WORD.search(clause):
        found = _FORBIDS_IN_AD.search(clause) or _LET_OUT_AMHARIC.search(key)
    return found.span() if found else None


def speaks_of_house_money(clause: str) -> bool:
    """Whether a clause speaks of what only the house knows: cost price, margin, budget, fee, what competitors ask."""
    return _HOUSE_MONEY.search(clause) is not None or _HOUSE_MONEY_AMHARIC.search(shape(clause)) is not None
