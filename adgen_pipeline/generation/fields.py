"""What stands where in a brief document: YAML, JSON, Markdown and plain text taken apart into named fields.

Values are the characters of the document, never parsed numbers: `phone: 0900000012` is an octal number to YAML and
`price: 1,500` a string. Each field knows where its value starts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.field_names import PRIVATE, field_name, names_price

MAXIMUM_FIELDS = 2_000
MAXIMUM_DEPTH = 8

# Fields that are said as another one in an ad.
SAID_AS = {
    "other": "features",
    "size": "features",
    "color": "features",
    "until": "features",
    "hours": "terms",
}
_LABELLED = re.compile(
    r"^(?P<indent>[ \t]*(?:[-*•▪✅✔➤🔹🔸👉]\ufe0f?[ \t]*)?[*_`]*)(?P<label>[^\W\d_][^\n:：፦=]{0,38}?)[ \t*_`]*"
    r"(?:[:：፦=]|(?<=[ \t])[-–—])[ \t*_`]*(?P<value>[^\n]*)$"
)
_GOES_ON = re.compile(r"[^\W\d_]{3}[.!?]\s+[A-Z]|።\s*\S")  # further sentences behind the labelled one
_SENTENCE = re.compile(r"^\s*(?P<label>[^\W\d_][^\n:፦.,]{1,24})[:፦]\s*(?P<value>.+)$", re.DOTALL)
_IN_SENTENCES = ("internal", "tone", "audience", "vertical", "price", "location", "hours")
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>[^\n]*?)[ \t]*#*$")
_BULLET = re.compile(r"^[ \t]*(?:[-*•▪✅✔➤🔹🔸👉]\ufe0f?|\d{1,2}[.)])[ \t]+")
_TABLE_ROW = re.compile(r"^[ \t]*\|(?P<cells>[^\n]*)$")
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)\n---[ \t]*\n", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """A named part of a brief.

    Attributes:
        name: a key of fields.yaml, "body" for free sentences, "private" for what is not for the ad, or "other".
        label: as the document names it.
        value: its characters, one paragraph or list item.
        start: where the value begins in the document; None if it is not there letter for letter.
        cells: of a table's row, each a field of its own: `price` where the column says so, else `features`.
    """

    name: str
    label: str
    value: str
    start: int | None
    cells: "tuple[Field, ...]" = ()


def is_table_row(line: str) -> bool:
    """Whether a line is a row of a Markdown table."""
    return _TABLE_ROW.match(line) is not None


def opens_field(line: str) -> bool:
    """Whether a line of text begins something of its own: a heading, a list item or a named field."""
    if _HEADING.match(line) or _BULLET.match(line):
        return True
    labelled = _LABELLED.match(line)
    return labelled is not None and (
        field_name(labelled["label"], labelled["value"]) is not None or len(labelled["label"].split()) <= 3
    )


def mapping_fields(document: str, *, source: str) -> list[Field]:
    """Fields of a YAML or JSON document, nested lists and mappings flattened, in order.

    Raises:
        BriefError: not YAML or JSON, not a mapping, or nested or repeated beyond reason.
    """
    try:
        node = yaml.compose(document, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise BriefError(f"{source}: not YAML or JSON ({reason}). Mend that line.") from error
    if not isinstance(node, yaml.MappingNode):
        raise BriefError(f"{source}: a brief is a mapping such as `product: …`, `price: …`. Name its parts.")
    fields: list[Field] = []
    # Counted over all nodes: a few hundred bytes of YAML aliases can stand for millions of them.
    for count, found in enumerate(_node_fields(document, node, "other", "", 0)):
        if count > MAXIMUM_FIELDS:
            raise BriefError(f"{source}: more than {MAXIMUM_FIELDS} fields. Shorten the brief.")
        if found is not None:
            fields.append(found)
    return fields


def text_fields(document: str, *, source: str) -> list[Field]:
    """Fields of Markdown or plain text: front matter, headings, `label: value` lines, bullets, paragraphs.

    Raises:
        BriefError: the front matter is not YAML.
    """
    fields: list[Field] = []
    offset = 0
    if front := _FRONT_MATTER.match(document):
        shift = front.start("yaml")
        fields = [
            Field(f.name, f.label, f.value, None if f.start is None else f.start + shift)
            for f in mapping_fields(front["yaml"], source=source)
        ]
        offset = front.end()
    section, label = "body", ""
    is_heading = False
    headers: list[str] = []
    for line in document[offset:].split("\n"):
        start, offset = offset, offset + len(line) + 1
        if not line.strip() or re.fullmatch(r"[\s\-=_*|:]+", line):
            if section == PRIVATE and not is_heading and not line.strip():
                section = "body"
            continue
        if (row := _TABLE_ROW.match(line)) is None:
            headers = []
        elif not headers and _TABLE_RULE.match(document[offset:].split("\n", 1)[0]):
            headers = [cell.strip(" *_`") for cell in row["cells"].rstrip(" |").split("|")]
            continue
        elif headers and section != PRIVATE:
            cells = _row_cells(row["cells"], start + row.start("cells"), headers)
            fields.append(Field("features", "", line.strip(), start + len(line) - len(line.lstrip()), cells))
            continue
        if heading := _HEADING.match(line):
            named = field_name(heading["title"].rstrip(":፦"), "")
            section, label, is_heading = named or "body", heading["title"], True
            if named is None:
                title = re.sub(r"^(?i:campaign brief|brief)\W*", "", heading["title"])
                fields.append(Field("title", "#", title, start + line.find(title)))
            continue
        labelled = _LABELLED.match(line)
        named = field_name(labelled["label"], labelled["value"].strip(" *_`")) if labelled else None
        if section == PRIVATE:  # whatever stands below «not for the ad», contacts too
            fields.append(Field(PRIVATE, "", line.strip(), start + len(line) - len(line.lstrip())))
            continue
        if labelled and named:
            value = labelled["value"].rstrip(" \t*_`")
            if value:
                fields.append(Field(named, labelled["label"], value, start + labelled.start("value")))
                continue
            section, label, is_heading = named, labelled["label"], False
            continue
        bullet = _BULLET.match(line)
        begin = bullet.end() if bullet else len(line) - len(line.lstrip())
        value = line[begin:].rstrip()
        name = "features" if bullet and section == "body" else section
        is_one_point = labelled is not None and not _GOES_ON.search(labelled["value"])
        if labelled and is_one_point and section == "body" and len(labelled["label"].split()) <= 3:
            name = "features"
        fields.append(Field(name, label, value, start + begin))
        if not bullet and section not in ("body", "description", "features"):
            section = section if offset < len(document) and document[offset : offset + 1] != "\n" else "body"
    return fields


def labelled_sentence(sentence: str, start: int | None) -> Field | None:
    """The field that a sentence among others is: «Tone: warm.», «Language: Amharic.»; None for any other sentence.

    Args:
        sentence: of free text.
        start: where it begins in the document.
    """
    found = _SENTENCE.match(sentence)
    name = field_name(found["label"], found["value"]) if found else None
    if found is None or name not in _IN_SENTENCES:
        return None
    value_start = None if start is None else start + found.start("value")
    return Field(name, found["label"], found["value"].rstrip(" ."), value_start)


def _row_cells(row: str, start: int, headers: Sequence[str]) -> tuple[Field, ...]:
    """The cells of a table's row below its headers; a bare number below «Price (Birr)» is a price."""
    cells: list[Field] = []
    for number, cell in enumerate(row.rstrip(" |").split("|")):
        header = headers[number] if number < len(headers) else ""
        text = cell.strip(" *_`")
        if text:
            is_price = names_price(header) and any(c.isdigit() or "፩" <= c <= "፼" for c in text)
            name = PRIVATE if field_name(header, text) == PRIVATE else "price" if is_price else "features"
            cells.append(Field(name, header, text, start + cell.index(text)))
        start += len(cell) + 1
    return tuple(cells)


def _node_fields(document: str, node: yaml.Node, name: str, label: str, depth: int) -> Iterator[Field | None]:
    """Scalars below a YAML node with the field that their nearest known key means; None for other nodes."""
    if depth > MAXIMUM_DEPTH:
        raise BriefError(f"{label}: nested more than {MAXIMUM_DEPTH} levels deep. Flatten the brief.")
    if isinstance(node, yaml.ScalarNode):
        value = str(node.value).strip()
        if value and value.lower() not in ("null", "~", "none"):
            start = document.find(value, node.start_mark.index, node.end_mark.index)
            yield Field(name, label, value, start if start >= 0 else None)
    elif isinstance(node, yaml.SequenceNode):
        yield None
        for item in node.value:
            yield from _node_fields(document, item, name, label, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        yield None
        for key, value in node.value:
            key_label = str(key.value) if isinstance(key, yaml.ScalarNode) else label
            text = str(value.value) if isinstance(value, yaml.ScalarNode) else None
            named = PRIVATE if name == PRIVATE else field_name(key_label.replace("_", " "), text)
            # `contact: {name: …}`: an unknown or vague key keeps its parent's meaning.
            inherited = name if named is None or (named == "title" and depth > 0) else named
            yield from _node_fields(document, value, inherited, key_label, depth + 1)
