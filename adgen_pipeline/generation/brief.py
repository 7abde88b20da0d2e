"""Campaign briefs as files or text, understood as `text.brief.Brief`.

YAML, JSON, Markdown, plain text, PDF and Word files, with field labels in Amharic or English or in free sentences.
Everything that an ad must copy becomes a slot with the place it came from; English words that the lexicon knows, and
Amharic ones in Latin letters, become Amharic. Nothing is guessed: `missing` says what an ad would need and the brief
does not say.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation import brief_files
from adgen_pipeline.generation.asides import without_asides
from adgen_pipeline.generation.contradictions import contradictions
from adgen_pipeline.generation.courtesies import without_signature
from adgen_pipeline.generation.document import joined, number_words, without_hidden, without_quoted
from adgen_pipeline.generation.field_names import field_name
from adgen_pipeline.generation.fields import (
    Field,
    mapping_fields,
    text_fields,
)
from adgen_pipeline.generation.names import with_names
from adgen_pipeline.generation.policy import Policy
from adgen_pipeline.generation.reading import Reading
from adgen_pipeline.generation.slotting import CONTACT_KINDS
from adgen_pipeline.text.amharic import hygiene
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.language import language
from adgen_pipeline.text.slots import SLOT, escape

MAXIMUM_CHARS = 200_000
_COPULA = re.compile(r"(?i)\b(?:new|newu|naw|nachew)\b(?=\s*(?:[.,;!?\n]|$))")
TEXT_ENDINGS = (".yaml", ".yml", ".json", ".md", ".markdown", ".txt")
ENDINGS = (*TEXT_ENDINGS, *brief_files.ENDINGS)


def read_brief(path: Path, *, policy: Policy | None = None) -> Brief:
    """The brief in a YAML, JSON, Markdown, text, PDF or Word file.

    Args:
        path: of the file.
        policy: whose words the brief remembers as sensitive; None for our own rules.

    Raises:
        BriefError: the file is missing, of another kind, damaged, locked, too long, or says too little.
    """
    ending = path.suffix.lower()
    if ending and ending not in ENDINGS:
        raise BriefError(
            f"{path.name}: briefs are read from .yaml, .json, .md, .txt, .pdf and .docx files. Save it as one of these."
        )
    try:
        is_office = ending in brief_files.ENDINGS
        text = brief_files.document_text(path) if is_office else path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BriefError(f"{path}: no such brief. Check the path.") from error
    except (UnicodeDecodeError, OSError) as error:
        raise BriefError(
            f"{path.name}: the brief cannot be read ({error}). Save it as UTF-8 text."
        ) from error
    return understand(text, source=path.name, policy=policy)


def understand(
    text: str, *, source: str, metadata: Mapping[str, str] | None = None, policy: Policy | None = None
) -> Brief:
    """The brief that a document describes.

    Args:
        text: the document.
        source: its file name; the ending decides how it is read (YAML and JSON by ending, all else as text).
        metadata: more fields by name, such as {"advertiser": "selam-shoes"}; they come first.
        policy: whose words the brief remembers as sensitive; None for our own rules.

    Raises:
        BriefError: too long, malformed, an unusable advertiser, or nothing in it that an ad could be about.
    """
    if len(text) > MAXIMUM_CHARS:
        raise BriefError(
            f"{source}: {len(text)} characters, at most {MAXIMUM_CHARS} are read. Shorten the brief."
        )
    is_mapping = source.lower().endswith((".yaml", ".yml", ".json"))
    document, hidden = without_hidden(_document(text, is_json=source.lower().endswith(".json")))
    if not is_mapping:
        document, quoted = without_quoted(document)
        hidden += quoted
    document = number_words(document) if is_mapping else joined(document)
    if language(document) == "am-latn":  # «waga 2500 birr new»: «is», not «new»; places stay as they are
        document = _COPULA.sub(lambda match: " " * len(match.group()), document)
    given = [
        Field(field_name(label, str(value)) or "other", label, _document(str(value), is_json=False), None)
        for label, value in (metadata or {}).items()
        if value
    ]
    if is_mapping:
        # Tabs are space in JSON and forbidden in YAML, which reads the rest of it.
        found = mapping_fields(document.replace("\t", " "), source=source)
    else:
        found = text_fields(document, source=source)
    meant, set_aside = without_asides([*given, *found], document)
    reading = Reading(source, policy)
    for field in _ordered(without_signature(with_names(meant))):
        reading.take(field)
    said = document if found else " ".join(f.value for f in given)
    brief = reading.brief(said)
    return brief.model_copy(
        update={"contradictions": contradictions(meant), "set_aside": (*hidden, *set_aside)}
    )


def missing(brief: Brief) -> tuple[str, ...]:
    """What an ad would need and the brief does not say: contact, offer (a price or a reduction), product."""
    kinds = {fact.kind for fact in brief.facts}
    needs = {
        "contact": bool(kinds.intersection(CONTACT_KINDS)),
        "offer": bool(kinds.intersection(("price", "percent"))),
        "product": bool(SLOT.sub("", brief.product).strip() or kinds.intersection(("brand", "product"))),
    }
    return tuple(name for name, is_there in needs.items() if not is_there)


def _ordered(fields: Iterable[Field]) -> list[Field]:
    """Brand and product first, so that their names are known where other fields repeat them; else in order."""
    first = {"advertiser": 0, "brand": 1, "product": 2, "title": 3}
    return sorted(fields, key=lambda field: first.get(field.name, 4))


def _document(text: str, *, is_json: bool) -> str:
    """The text as it is read: clean, without slots and half characters, JSON escapes resolved."""
    if is_json and "\\u" in text:
        with suppress(ValueError):  # not JSON: the YAML reader says where
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    # Two halves of an emoji that came apart in JSON are joined, a lone half is replaced.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return escape(hygiene(whole))
