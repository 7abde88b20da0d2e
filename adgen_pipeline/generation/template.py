"""The template writer: a well-formed Amharic ad from the brief alone, when no candidate survives, and as a baseline."""

import hashlib

from adgen_pipeline.generation.coverage import CLOSING, CONTACTS, lines_for
from adgen_pipeline.generation.lines import point_line
from adgen_pipeline.generation.prompt import BARE_KINDS
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import slots_in

# Openings and closings that promise nothing; the brief picks one, so that not every ad begins alike.
_OPENINGS = ("🔥 {product}", "✨ {product}", "📣 {product} እኛ ጋር አለ", "👉 {product} ይፈልጋሉ?")
_CLOSINGS = (CLOSING, "ለማዘዝ ይደውሉልን።", "ፈጥነው ያነጋግሩን።")


def template_ad(brief: Brief) -> str:
    """A slotted ad: what it is, the brief's points, every fact on a line of its own."""
    draw = int(hashlib.sha256(brief.model_dump_json().encode()).hexdigest(), 16)
    lines: list[str] = []
    if brief.product:
        lines.append(_OPENINGS[draw % len(_OPENINGS)].format(product=brief.product))
    said = set(slots_in(brief.product))
    if brief.description:
        lines.append(brief.description)
        said.update(slots_in(brief.description))
    points = [feature for feature in brief.features if feature]
    lines += [point_line(feature, "✅ ") for feature in points]
    said.update(slot for feature in points for slot in slots_in(feature))
    rest = [fact for fact in brief.facts if fact.must or fact.kind not in BARE_KINDS]
    top, bottom = lines_for(brief, [fact for fact in rest if fact.slot not in said])
    has_contact = any(fact.kind in CONTACTS for fact in brief.facts)
    has_phone = any(fact.kind == "phone" for fact in brief.facts)
    closing = _CLOSINGS[draw // 7 % len(_CLOSINGS)] if has_phone else CLOSING
    return "\n".join([*top, *lines, *bottom, *([closing] if has_contact else [])])
