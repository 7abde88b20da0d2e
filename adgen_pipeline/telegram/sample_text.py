"""What the sample channels say: posts of shops, news and sport, from frames and words that stand in sample_data/.

Every product has features of its own, so that product, features, price and vertical belong together: the demo
fine-tunes a language model on these posts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

DATA = Path(__file__).with_name("sample_data")


@dataclass(frozen=True)
class Product:
    """One product or service.

    Attributes:
        category: key of products_*.yaml.
        vertical: ad vertical of the category.
        kind: goods or service: which openings fit.
        price: lowest and highest in birr; None: not said.
        per: what the price is for, such as በወር; empty for the whole.
        features: its own; `shared`, `benefits` and `english` hold for its category.
    """

    category: str
    vertical: str
    kind: str
    emoji: str
    hashtags: tuple[str, ...]
    name: str
    english_name: str
    price: tuple[int, int] | None
    per: str
    features: tuple[str, ...]
    shared: tuple[str, ...]
    benefits: tuple[str, ...]
    english: tuple[str, ...]


@dataclass(frozen=True)
class Channel:
    """One sample channel.

    Attributes:
        file: below raw/; behind a .zip, the member of it.
        section: list of a whole-account export that it stands in.
        writes: shop, news or sport.
        share: of all records.
        signature: lines below most of its posts.
    """

    id: int
    file: str
    writes: str
    name: str
    first_name: str
    share: float
    handle: str
    type: str = "public_channel"
    section: str = "chats"
    phones: tuple[str, ...] = ()
    sells: tuple[str, ...] = ()
    signature: tuple[str, ...] = ()


@cache
def data(name: str) -> Any:
    """One YAML file of sample_data/, by its name without ending."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def products() -> tuple[Product, ...]:
    """All products, in the order of the files."""
    found = []
    for path in sorted(DATA.glob("products_*.yaml")):
        for category, group in data(path.stem).items():
            for values in group["products"]:
                found.append(
                    Product(
                        category=category,
                        vertical=group["vertical"],
                        kind=group.get("kind", "goods"),
                        emoji=group["emoji"],
                        hashtags=tuple(group["hashtags"]),
                        name=values["am"],
                        english_name=values["en"],
                        price=(values["price"][0], values["price"][1]) if values["price"] else None,
                        per=values.get("per", ""),
                        features=tuple(values["features"]),
                        shared=tuple(group["shared"]),
                        benefits=tuple(group["benefits"]),
                        english=tuple(group["english"]),
                    )
                )
    return tuple(found)


@cache
def channels() -> tuple[Channel, ...]:
    """All sample channels, by id."""
    found = []
    for values in data("channels"):
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k != "list"
        }
        found.append(Channel(**fields, section=values.get("list", "chats")))
    return tuple(sorted(found, key=lambda channel: channel.id))


def ad(rng: Random, channel: Channel, product: Product) -> str:
    """An ad post of a shop: one of six layouts, most with the shop's signature lines below."""
    frames = data("frames")
    price = _price(rng, product)
    per_unit = f"{product.per} {price}".strip()
    contact = rng.choice(frames["contacts"]).format(**_contacts(rng, channel))
    if price is None:
        layout = "list"
    else:
        layout = rng.choices(("list", "prose", "mixed", "english"), weights=(62, 22, 10, 6), k=1)[0]
    if layout == "english":
        english = rng.sample(product.english, 3)
        return str(rng.choice(frames["english"])).format(
            p=product.english_name, price=_amount(price), **_numbered("e", english), **_contacts(rng, channel)
        )
    points = _points(rng, product)
    leftover = [f for f in product.features if f not in points]  # frames have three places
    benefit = rng.choice(product.benefits)
    if layout == "prose":
        body = rng.choice(_fitting(frames["prose"], product)).format(
            p=product.name, price=per_unit, b=benefit, **_numbered("f", (points + leftover)[:3])
        )
        parts = [body, _call(rng, frames), contact]
    elif layout == "mixed":
        body = rng.choice(frames["mixed"]).format(
            p=product.name,
            en=product.english_name,
            price=per_unit,
            b=benefit,
            contact=contact,
            bullet=rng.choice(frames["bullets"]),
            **_numbered("f", (points + leftover)[:3]),
        )
        parts = [body]
    else:
        parts = _list_layout(rng, product, points, benefit, per_unit if price else None, contact)
    if rng.random() < 0.15:
        parts.insert(1, _offer(rng, frames, product))
    if rng.random() < 0.7:
        parts.append("\n".join(channel.signature))
    if rng.random() < 0.25:
        parts.append(" ".join(f"#{tag}" for tag in rng.sample(product.hashtags, rng.randint(1, 3))))
    return rng.choice(("\n\n", "\n\n", "\n")).join(part for part in parts if part)


def notice(rng: Random) -> str:
    """A shop's post that sells nothing: greetings, opening hours, thanks."""
    frames = data("frames")
    return str(rng.choice(frames["notices"])).format(
        day=rng.choice(frames["days"]),
        feast=rng.choice(frames["feasts"]),
        place=rng.choice(frames["places"]),
        praise=rng.choice(frames["praise"]),
        n=rng.randint(2, 95),
    )


def story(rng: Random, writes: str) -> str:
    """A post of the news channel or the sport channel."""
    source: Mapping[str, Any] = data("news")[writes]
    words = {name: rng.choice(choices) for name, choices in source["words"].items()}
    numbers = {"n": rng.randint(12, 980), "percent": rng.randint(11, 96)}
    numbers |= {"minute": rng.randint(3, 90), "year": rng.randint(1985, 2014)}
    sentences = rng.choice(source["frames"]).format(**words, **numbers)
    return f"{sentences}{rng.choice(source['endings'])}"


def _list_layout(
    rng: Random, product: Product, points: Sequence[str], benefit: str, price: str | None, contact: str
) -> list[str]:
    """Opening, features as bullets, price, call and contact, some of them left out."""
    frames = data("frames")
    opening = rng.choice(frames["openings"][product.kind]).format(
        p=product.name, bare=product.name.removeprefix("የ")
    )
    if rng.random() < 0.3:
        opening = f"{product.emoji} {opening}"
    bullet = rng.choice(frames["bullets"])
    parts = [opening, "\n".join(f"{bullet} {point}" for point in points)]
    if rng.random() < 0.6:
        parts.insert(rng.choice((1, 2)), benefit)
    if price is not None:
        parts.append(rng.choice(_fitting(frames["prices"], product)).format(price=price))
    parts += [_call(rng, frames), contact]
    return parts


def _points(rng: Random, product: Product) -> list[str]:
    """Two to four features: mostly its own, some of its category."""
    points = rng.sample(product.features, rng.randint(2, 4))
    if len(points) < 4 and rng.random() < 0.6:
        points.append(rng.choice(product.shared))
    rng.shuffle(points)
    return points


def _call(rng: Random, frames: Mapping[str, Any]) -> str:
    """A call to action, or nothing."""
    return str(rng.choice(frames["calls"])) if rng.random() < 0.6 else ""


def _offer(rng: Random, frames: Mapping[str, Any], product: Product) -> str:
    """A promise: delivery, warranty, discount, stock or gift."""
    offers = [o for o in frames["offers"] if product.price is not None or "{old}" not in o]
    if product.kind == "service":
        offers = [o for o in offers if "{n}" in o or "{old}" in o or "እሑድ" in o]
    old = f"{_rounded(product.price[1] * 1.15):,}" if product.price else ""
    return str(rng.choice(offers)).format(
        percent=rng.choice((10, 15, 20, 25, 30)), n=rng.choice((10, 20, 50)), old=old
    )


def _price(rng: Random, product: Product) -> str | None:
    """The price as a shop writes it, without its currency."""
    if product.price is None:
        return None
    amount = _rounded(rng.uniform(*product.price))
    if amount >= 1_000_000 and rng.random() < 0.6:
        return f"{amount / 1_000_000:.2f}".rstrip("0").rstrip(".") + " ሚሊዮን"
    if 100_000 <= amount < 1_000_000 and rng.random() < 0.4:
        return f"{amount // 1000} ሺህ"
    return f"{amount:,}" if rng.random() < 0.6 else str(amount)


def _amount(price: str | None) -> str:
    """A price for English readers: its words for thousand and million in English."""
    return (price or "").replace("ሚሊዮን", "million").replace("ሺህ", "thousand")


def _fitting(frames: Sequence[str], product: Product) -> list[str]:
    """Frames whose price may follow a unit: «በበኪሎ 650 ብር» would be wrong."""
    return [frame for frame in frames if not product.per or "በ{price}" not in frame]


def _rounded(amount: float) -> int:
    """An amount rounded as prices are: to 5, 50, 500, 5,000 or 50,000 birr by its size."""
    step: int = 5 * 10 ** max(0, len(str(int(amount))) - 3)
    return max(step, round(amount / step) * step)


def _contacts(rng: Random, channel: Channel) -> dict[str, str]:
    """Phones, handle and link of a shop, phones in one of five spellings."""
    spell = rng.choice((_plain, _plain, _pairs, _international, _dashed, _international_pairs))
    first, second = (spell(phone) for phone in channel.phones)
    link = f"https://t.me/{channel.handle[1:]}/{rng.randint(10, 999)}"
    return {"phone": first, "phone2": second, "handle": channel.handle, "link": link}


def _plain(phone: str) -> str:
    return phone


def _pairs(phone: str) -> str:
    return f"{phone[:4]} {phone[4:6]} {phone[6:8]} {phone[8:]}"


def _dashed(phone: str) -> str:
    return f"{phone[:4]}-{phone[4:6]}-{phone[6:8]}-{phone[8:]}"


def _international(phone: str) -> str:
    return f"+251{phone[1:]}"


def _international_pairs(phone: str) -> str:
    return f"+251 {phone[1:4]} {phone[4:6]} {phone[6:8]} {phone[8:]}"


def _numbered(prefix: str, texts: Sequence[str]) -> dict[str, str]:
    """f1, f2, f3 … for a frame's places."""
    return {f"{prefix}{number}": text for number, text in enumerate(texts, 1)}
