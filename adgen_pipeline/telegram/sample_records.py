"""One channel's records in the schema of a Telegram Desktop export, oddities of genuine exports included.

Keys stand in the order in which Telegram Desktop writes them. Dates are fixed: the same seed gives the same records.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from adgen_pipeline.telegram.sample_text import Channel, ad, data, notice, products, story

FIRST_DAY = datetime(2023, 2, 6, tzinfo=UTC)
DAYS = 420
LOCAL = timedelta(hours=3)  # exports give local time; all genuine ones seen are at Addis Ababa's
NO_FILE = "(File not included. Change data exporting settings to download.)"
CONTROL = "\b"  # sample.py writes it as Telegram does: \x08, which is not JSON
CUSTOM_EMOJI_FILE = "video_files/sticker (2).webm"  # version 4.1 wrote such a path without quotes
EMOJIS = ("👍", "❤", "🔥", "🙏", "👏", "😁")

# What Telegram marks by itself, longest first at each place.
_ENTITY = re.compile(
    r"(?P<link>https?://\S+)|(?P<mention>@[A-Za-z]\w{4,31})|(?P<hashtag>#\w+)|(?P<phone>\+251[ \d]{9,13}\d)"
)

Record = dict[str, Any]
Part = dict[str, str]


@dataclass
class _Timeline:
    """Where a channel's next record stands: ascending ids with gaps, ascending times."""

    rng: Random
    times: list[datetime]
    message_id: int = 0
    records: list[Record] = field(default_factory=list)

    def advance(self, *, gap: bool = True) -> tuple[int, datetime]:
        """Id and time of a record that is not an album's."""
        self.message_id += self.rng.choice((1, 1, 1, 1, 2, 3)) if gap and self.records else 1
        return self.message_id, self.times[len(self.records)]


def records(rng: Random, channel: Channel, count: int) -> list[Record]:
    """`count` records of a channel, ascending by id; the first one tells of its creation."""
    timeline = _Timeline(rng, _times(rng, count))
    for number, kind in enumerate(_plan(rng, channel, count)):
        room = count - len(timeline.records)
        if not room:
            break
        if kind == "service":
            timeline.records.append(_service(timeline, channel, number))
        elif kind == "unsupported":
            timeline.records.append({"id": timeline.advance()[0], "type": "unsupported"})
        elif kind == "album":
            _album(timeline, channel, min(room, rng.randint(2, 4)))
        else:
            _message(timeline, channel, kind)
    return timeline.records


def _plan(rng: Random, channel: Channel, count: int) -> list[str]:
    """Kinds of records in order, each oddity once at least where the channel is long enough."""
    shares = {"service": 0.02, "unsupported": 0.004, "poll": 0.005, "sticker": 0.005, "voice": 0.003}
    shares |= {"photo": 0.02, "forward": 0.012, "reply": 0.01, "repeat": 0.05, "rich": 0.04, "edge": 0.004}
    if channel.writes == "shop":
        shares |= {"album": 0.08, "notice": 0.03, "near_repeat": 0.01}
    once = 1 if count >= 40 else 0
    plan = [kind for kind, share in shares.items() for _ in range(max(once, round(count * share)))]
    plan = plan[: count // 2]
    plan += ["text"] * (count - len(plan) - 1)
    rng.shuffle(plan)
    return ["service", *plan]


def _times(rng: Random, count: int) -> list[datetime]:
    """Ascending times from morning to late evening, whole seconds."""
    times = []
    for _ in range(count):
        hour = rng.choices(range(5, 20), weights=(2, 4, 6, 7, 6, 5, 4, 5, 6, 6, 7, 8, 8, 5, 3), k=1)[0]
        day = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
        times.append(day + timedelta(hours=hour, minutes=rng.randrange(60), seconds=rng.randrange(60)))
    return sorted(times)


def _text(timeline: _Timeline, channel: Channel) -> str:
    """A new post's text."""
    rng = timeline.rng
    if channel.writes != "shop":
        return story(rng, channel.writes)
    sold = [product for product in products() if product.category in channel.sells]
    return ad(rng, channel, rng.choice(sold))


def _message(timeline: _Timeline, channel: Channel, kind: str) -> None:
    """One message record, by its kind in the plan."""
    rng = timeline.rng
    earlier = [r for r in timeline.records if r.get("text_entities")]
    message_id, moment = timeline.advance()
    record = _head(rng, channel, message_id, moment)
    text = ""
    if kind == "notice":
        text = notice(rng)
    elif kind in ("repeat", "near_repeat", "reply") and earlier:
        original = rng.choice(earlier)
        text = "".join(part["text"] for part in original["text_entities"])
        if kind == "near_repeat":
            text = f"🔁 {text} 👍"
        if kind == "reply":
            text = rng.choice(("አሁንም አለ ✅", "ተሸጧል ❌", "ዋጋው እንደተጠበቀ ነው።", "ለጥያቄያችሁ እናመሰግናለን።"))
            record["reply_to_message_id"] = original["id"]
    elif kind not in ("photo", "poll", "sticker", "voice"):
        text = _text(timeline, channel)
    if kind == "forward":
        record["forwarded_from"] = rng.choice(("Sample Deals ሳምፕል", "ሌላ ሱቅ ሳምፕል", None))
    record |= _media(rng, kind)
    if kind == "edge":
        text = f"{text}{CONTROL}"
    parts = (
        _rich_parts(rng, text, channel, custom_emoji=kind == "edge")
        if kind in ("rich", "edge")
        else _parts(text)
    )
    timeline.records.append(_close(rng, record, parts))


def _album(timeline: _Timeline, channel: Channel, size: int) -> None:
    """Photos of one second with consecutive ids; one carries the caption, mostly the first."""
    rng = timeline.rng
    caption = rng.choices(range(size), weights=[8] + [1] * (size - 1), k=1)[0]
    moment = timeline.times[len(timeline.records)]
    text = _text(timeline, channel)
    for place in range(size):
        message_id, _ = timeline.advance(gap=place == 0)
        record = _head(rng, channel, message_id, moment) | _photo(rng)
        timeline.records.append(_close(rng, record, _parts(text if place == caption else "")))


def _head(rng: Random, channel: Channel, message_id: int, moment: datetime) -> Record:
    """The first keys of a message: id to author."""
    record: Record = {"id": message_id, "type": "message", **_dates("date", moment)}
    if rng.random() < 0.8:  # a reaction sets it too: 84 % of a genuine channel's records have it
        record |= _dates("edited", moment + timedelta(minutes=rng.randint(1, 600)))
    if channel.type == "public_supergroup":
        member = rng.randint(1, 9)
        return record | {"from": f"Member {member}", "from_id": f"user99000000{member:02d}"}
    record |= {"from": channel.name, "from_id": f"channel{channel.id}"}
    if rng.random() < 0.05:
        record["author"] = "Sample Admin"
    return record


def _dates(name: str, moment: datetime) -> Record:
    """A local time without zone, and the same in seconds as a string."""
    local = (moment + LOCAL).strftime("%Y-%m-%dT%H:%M:%S")
    return {name: local, f"{name}_unixtime": str(int(moment.timestamp()))}


def _photo(rng: Random) -> Record:
    width, height = rng.choice(((960, 1280), (1280, 960), (1080, 1080), (720, 1280)))
    return {"photo": NO_FILE, "width": width, "height": height}


def _media(rng: Random, kind: str) -> Record:
    """Keys of a message's photo, sticker, voice message or poll."""
    if kind == "sticker":
        keys = {"file": NO_FILE, "thumbnail": NO_FILE, "media_type": "sticker", "sticker_emoji": "🎉"}
        return {**keys, "width": 512, "height": 512}
    if kind == "voice":
        keys = {"file": NO_FILE, "media_type": "voice_message", "mime_type": "audio/ogg"}
        return {**keys, "duration_seconds": rng.randint(4, 90)}
    if kind == "poll":
        poll = rng.choice(data("frames")["polls"])
        answers = [{"text": a, "voters": rng.randint(0, 240), "chosen": False} for a in poll["answers"]]
        voters = sum(int(answer["voters"]) for answer in answers)
        return {
            "poll": {
                "question": poll["question"],
                "closed": False,
                "total_voters": voters,
                "answers": answers,
            }
        }
    return _photo(rng) if kind == "photo" or rng.random() < 0.6 else {}


def _service(timeline: _Timeline, channel: Channel, number: int) -> Record:
    """A service record; a channel's first one carries the name that it had then."""
    rng = timeline.rng
    message_id, moment = timeline.advance()
    record: Record = {"id": message_id, "type": "service", **_dates("date", moment)}
    record |= {"actor": channel.name, "actor_id": f"channel{channel.id}"}
    if number == 0:
        record |= {"action": "create_channel", "title": channel.first_name}
    else:
        action = rng.choice(("pin_message", "edit_group_photo", "edit_group_title", "group_call"))
        record["action"] = action
        if action == "pin_message":
            record["message_id"] = rng.randint(1, message_id - 1)
        elif action == "edit_group_photo":
            record |= _photo(rng)
        elif action == "edit_group_title":
            record["title"] = channel.name
        else:
            record["duration"] = rng.randint(60, 3600)
    return record | {"text": "", "text_entities": []}


def _close(rng: Random, record: Record, parts: list[Part]) -> Record:
    """The record with its text in both forms, and reactions."""
    if not parts:
        text: object = ""
    elif len(parts) == 1 and parts[0]["type"] == "plain":
        text = parts[0]["text"]
    else:
        text = [part["text"] if part["type"] == "plain" else part for part in parts]
    record |= {"text": text, "text_entities": parts}
    if rng.random() < 0.35:
        chosen = rng.sample(EMOJIS, rng.randint(1, 3))
        record["reactions"] = [{"type": "emoji", "count": rng.randint(1, 60), "emoji": e} for e in chosen]
    return record


def _parts(text: str) -> list[Part]:
    """The text's entities in order, plain parts included; their texts joined are the text."""
    parts: list[Part] = []
    end = 0
    for match in _ENTITY.finditer(text):
        if match.start() > end:
            parts.append({"type": "plain", "text": text[end : match.start()]})
        parts.append({"type": str(match.lastgroup), "text": match.group()})
        end = match.end()
    if end < len(text):
        parts.append({"type": "plain", "text": text[end:]})
    return parts


def _rich_parts(rng: Random, text: str, channel: Channel, *, custom_emoji: bool) -> list[Part]:
    """The text with a bold first line, a link behind words and perhaps a custom emoji."""
    first, line_break, rest = text.partition("\n")
    link = {"type": "text_link", "text": "ይቀላቀሉን", "href": f"https://t.me/{channel.handle[1:]}"}
    parts: list[Part] = [{"type": rng.choice(("bold", "italic", "underline")), "text": first}]
    parts += _parts(line_break + rest)
    parts += [{"type": "plain", "text": "\n"}, link]
    if custom_emoji:
        parts.append({"type": "custom_emoji", "text": "🔥", "document_id": CUSTOM_EMOJI_FILE})
    return parts
