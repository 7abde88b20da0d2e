import json
import re
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adgen_pipeline.telegram.sample import TRUNCATED, write_sample
from adgen_pipeline.telegram.sample_text import channels, data, products

# In Telegram Desktop's order; width and height stand behind photo, or behind all other media keys.
KEYS = [
    *("id", "type", "date", "date_unixtime", "edited", "edited_unixtime", "actor", "actor_id", "action"),
    *(
        "title",
        "message_id",
        "duration",
        "from",
        "from_id",
        "author",
        "forwarded_from",
        "reply_to_message_id",
    ),
    *("photo", "file", "thumbnail", "media_type", "sticker_emoji", "mime_type", "duration_seconds", "poll"),
    *("text", "text_entities", "reactions"),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="module")
def texts(sample: Path) -> dict[str, str]:
    """Export files as they were written, members of a .zip included."""
    found = {p.name: p.read_text(encoding="utf-8") for p in (sample / "raw").glob("*.json")}
    found |= {p.parent.name: p.read_text(encoding="utf-8") for p in (sample / "raw").glob("*/*.json")}
    for path in (sample / "raw").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            found |= {f"{path.name}/{m}": archive.read(m).decode() for m in archive.namelist()}
    return found


@pytest.fixture(scope="module")
def chats(texts: dict[str, str]) -> list[dict[str, Any]]:
    """All chats that a plain JSON reader gets after the two repairs that Telegram's exports need."""
    found = []
    for text in texts.values():
        mended = re.sub(r"\\x([0-9A-F]{2})", r"\\u00\1", text)
        mended = re.sub(r'("document_id": )([^"\s][^\n]*)', r'\1"\2"', mended)
        try:
            root = json.loads(mended)
        except json.JSONDecodeError:
            continue
        sections = [root[s]["list"] for s in ("chats", "left_chats") if s in root]
        found += [chat for section in sections for chat in section] or [root]
    return found


@pytest.fixture(scope="module")
def messages(chats: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for chat in chats for message in chat["messages"]]


def _flat(message: dict[str, Any]) -> str:
    return "".join(part["text"] for part in message.get("text_entities", []))


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text)
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def _leaves(values: object) -> Iterator[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from _leaves(value)
    elif isinstance(values, list):
        for value in values:
            yield from _leaves(value)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = {p.name: p.read_bytes() for p in write_sample(tmp_path / "a", messages=300)}
    again = {p.name: p.read_bytes() for p in write_sample(tmp_path / "b", messages=300)}
    other = {p.name: p.read_bytes() for p in write_sample(tmp_path / "c", messages=300, seed=8)}
    assert first == again
    assert first != other


@pytest.mark.parametrize("messages", [50, 123, 400])
def test_as_many_records_are_written_as_were_asked_for(tmp_path: Path, messages: int) -> None:
    paths = write_sample(tmp_path, messages=messages)
    texts = [p.read_text(encoding="utf-8") for p in paths if p.suffix == ".json"]
    for path in paths:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                texts += [archive.read(name).decode() for name in archive.namelist()]
    assert sum(len(re.findall(r'"type": "(?:message|service|unsupported)"', t)) for t in texts) == messages


def test_paths_returned_are_the_files_below_the_folder(tmp_path: Path) -> None:
    paths = write_sample(tmp_path, messages=100)
    assert sorted(paths) == sorted(p for p in tmp_path.rglob("*") if p.is_file())
    assert {p.relative_to(tmp_path).parts[0] for p in paths} == {"raw", "briefs", "advertisers"}


def test_there_are_shops_of_several_verticals_a_news_and_a_sport_channel() -> None:
    written = [channel.writes for channel in channels()]
    assert written.count("shop") >= 6
    assert {"news", "sport"} <= set(written)
    sold = {category for channel in channels() for category in channel.sells}
    assert len({p.vertical for p in products() if p.category in sold}) == 10
    assert sold == {p.category for p in products()}


def test_frames_and_products_are_many_and_each_product_has_features_of_its_own() -> None:
    frames, news = data("frames"), data("news")
    kinds = ("prices", "calls", "contacts", "offers", "prose", "english", "mixed", "notices")
    count = sum(len(frames[kind]) for kind in kinds) + sum(map(len, frames["openings"].values()))
    count += len(news["news"]["frames"]) + len(news["sport"]["frames"])
    assert count >= 100
    assert len({p.name for p in products()}) == len(products()) >= 120
    assert all(len(set(p.features)) == 4 for p in products())


def test_most_messages_are_ads_and_700_differ_by_more_than_a_fifth(messages: list[dict[str, Any]]) -> None:
    kept: list[set[tuple[str, ...]]] = []
    holders: dict[tuple[str, ...], list[int]] = {}
    for text in filter(None, map(_flat, messages)):
        shingles = _shingles(text)
        rivals = {i for s in shingles for i in holders.get(s, ())}
        if any(len(shingles & kept[i]) / len(shingles | kept[i]) >= 0.8 for i in rivals):
            continue
        for shingle in shingles:
            holders.setdefault(shingle, []).append(len(kept))
        kept.append(shingles)
    assert len(kept) >= 700
    selling = [m for m in messages if re.search(r"ብር|birr|ETB|\bBr\b|900.?0", _flat(m))]
    assert len(selling) >= 0.6 * len(messages)


def test_records_stand_in_the_schema_of_a_genuine_export(chats: list[dict[str, Any]]) -> None:
    for chat in chats:
        assert list(chat) == ["name", "type", "id", "messages"]
        ids = [m["id"] for m in chat["messages"]]
        assert all(a < b for a, b in pairwise(ids))
        assert chat["messages"][0]["action"] == "create_channel"
        for message in chat["messages"]:
            keys = [key for key in message if key not in ("width", "height")]
            assert keys == [key for key in KEYS if key in message]
            if message["type"] == "unsupported":
                assert list(message) == ["id", "type"]
                continue
            flat = message["text"]
            if isinstance(flat, list):
                flat = "".join(p if isinstance(p, str) else p["text"] for p in flat)
            assert flat == _flat(message)
            assert list(message)[:4] == ["id", "type", "date", "date_unixtime"]


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(lambda m: m["type"] == "service", id="service records"),
        pytest.param(lambda m: m["type"] == "unsupported", id="unsupported records"),
        pytest.param(lambda m: m["type"] == "message" and m["text"] == "", id="empty texts"),
        pytest.param(lambda m: "edited" in m, id="edits"),
        pytest.param(lambda m: "forwarded_from" in m, id="forwards"),
        pytest.param(lambda m: "reply_to_message_id" in m, id="replies"),
        pytest.param(lambda m: "reactions" in m, id="reactions"),
        pytest.param(lambda m: "poll" in m, id="polls"),
        pytest.param(lambda m: isinstance(m.get("text"), list), id="list-form text"),
        pytest.param(lambda m: m.get("media_type") == "sticker", id="stickers"),
        pytest.param(
            lambda m: any(p["type"] == "text_link" for p in m.get("text_entities", [])), id="text links"
        ),
        pytest.param(lambda m: "\n" in _flat(m), id="line breaks"),
        pytest.param(lambda m: "#" in _flat(m) and "http" in _flat(m), id="hashtags and links"),
        pytest.param(lambda m: "@" in _flat(m), id="handles"),
        pytest.param(lambda m: "\x08" in _flat(m), id="control characters"),
    ],
)
def test_every_oddity_of_genuine_exports_occurs(messages: list[dict[str, Any]], condition: Any) -> None:
    assert any(condition(message) for message in messages)


def test_albums_share_a_second_have_consecutive_ids_and_one_caption(chats: list[dict[str, Any]]) -> None:
    pairs = [
        (a, b)
        for chat in chats
        for a, b in pairwise(chat["messages"])
        if a.get("date") and a["date"] == b.get("date") and b["id"] == a["id"] + 1
    ]
    assert len(pairs) > 50
    assert all("photo" in a and "photo" in b and "" in (a["text"], b["text"]) for a, b in pairs)


def test_some_texts_are_repeated_in_their_channel(chats: list[dict[str, Any]]) -> None:
    for chat in chats:
        found = [t for t in map(_flat, chat["messages"]) if t]
        assert len(set(found)) < len(found)


def test_some_exports_are_damaged_as_genuine_ones_are(texts: dict[str, str]) -> None:
    assert any("\\x08" in text for text in texts.values())
    assert any(re.search(r'"document_id": [^"]', text) for text in texts.values())
    whole = [text for text in texts.values() if '"chats"' in text and '"left_chats"' in text]
    assert len(whole) == 1
    cut = [text for text in texts.values() if not text.rstrip().endswith("}")]
    assert len(cut) == 1
    assert f'"id": {TRUNCATED}' in cut[0]


def test_file_names_hold_emoji_ethiopic_letters_and_trailing_variation_selectors(sample: Path) -> None:
    stems = [p.stem for p in (sample / "raw").iterdir()]
    assert any(stem.endswith("\ufe0f\ufe0f") for stem in stems)
    assert any("🌿" in stem for stem in stems)
    assert any("™" in stem for stem in stems)


def test_contacts_belong_to_nobody(texts: dict[str, str]) -> None:
    everything = "\n".join(texts.values())
    everything += "\n".join(p.read_text(encoding="utf-8") for p in data_files())
    for handle in re.findall(r"(?<![\w.])@(\w+)|t\.me/(\w+)", everything):
        assert "_sample_" in "".join(handle)
    for phone in re.findall(r"(?:\+251[ -]?|\b0)(?:\d[ -]?){8}\d", everything):
        digits = re.sub(r"\D", "", phone).removeprefix("251").removeprefix("0")
        assert re.fullmatch(r"900000\d{3}|90000\d{4}", digits), phone


def data_files() -> list[Path]:
    folder = Path(__file__).parents[2] / "adgen_pipeline" / "telegram" / "sample_data"
    return [p for p in folder.rglob("*") if p.is_file() and p.suffix in {".md", ".txt", ".yaml"}]


def test_sample_data_holds_no_backslash_that_the_control_escape_could_damage() -> None:
    for path in data_files():
        if path.suffix == ".yaml" and path.parent.name == "sample_data":
            assert not any("\\" in leaf for leaf in _leaves(data(path.stem)))


def test_each_of_the_three_briefs_names_an_advertiser_with_a_document(sample: Path) -> None:
    briefs = sorted((sample / "briefs").iterdir())
    assert [b.suffix for b in briefs] == [".md", ".yaml", ".txt"]
    known = {p.name for p in (sample / "advertisers").iterdir()}
    for brief in briefs:
        named = [name for name in known if name in brief.read_text(encoding="utf-8")]
        assert len(named) == 1
        assert (sample / "advertisers" / named[0] / "about.md").is_file()
