import pytest

from adgen_pipeline.text.promises import Promise, Supported, offered, promised


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("No delivery, pick it up yourself", "delivery"),
        ("We do not deliver", "delivery"),
        ("Delivery is not available on holidays", "delivery"),
        ("Delivery: none", "delivery"),
        ("Delivery የለንም፣ መጥተው ይውሰዱ", "delivery"),
        ("የማድረስ አገልግሎት የለንም", "delivery"),
        ("delivery yelenm", "delivery"),
        ("Sold without warranty", "warranty"),
        ("Used, comes without any warranty", "warranty"),
        ("warranty - no", "warranty"),
        ("ዋስትና የለውም", "warranty"),
        ("ለዚህ ዕቃ ዋስትና አንሰጥም", "warranty"),
        ("ያለ ዋስትና የሚሸጥ", "warranty"),
        ("wastina የሌለው፣ ጋራንቲ የሌለው", "warranty"),
        ("No refunds and no exchange", "warranty"),
        ("Deposits are non-refundable", "warranty"),
        ("ቅናሽ የለም፣ ዋጋው የመጨረሻ ነው", "discount"),
        ("Sorry, no discounts", "discount"),
        ("በዱቤ አንሸጥም", "payment"),
        ("We don't accept telebirr", "payment"),
        ("It is not free", "gift"),
        ("Please never write 'warranty' or 'guaranteed'", "warranty"),
        ("«ዋስትና አለው» ብላችሁ እንዳትጽፉ", "warranty"),
        ("ወለዱ በየወሩ ይከፈላል፣ የጊዜ ገደብ ተቀማጭ", "payment"),
        ("Interest of a fixed deposit goes to your account as credit", "payment"),
        ("We ship to Bole and Megenagna", "address"),
        ("ወደ አዳማ እና ሐዋሳ እንልካለን", "address"),
        ("For families in Addis Ababa", "address"),
        ("ለአዲስ አበባ ነዋሪዎች", "address"),
    ],
)
def test_what_a_brief_denies_forbids_or_means_otherwise_it_does_not_offer(text: str, kind: str) -> None:
    assert kind in promised(text)
    assert kind not in offered(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("No delivery fee in town", "delivery"),
        ("ለማድረስ ክፍያ የለም", "delivery"),
        ("ያለ ማድረሻ ክፍያ", "delivery"),
        ("ዴሊቨሪ ክፍያ የለውም", "delivery"),
        ("No minimum order, free delivery", "delivery"),
        ("Not only delivery but installation too", "delivery"),
        ("No worries: one year warranty", "warranty"),
        ("Two years warranty, no questions asked", "warranty"),
        ("ዋስትና ብቻ አይደለም፣ ጥገናም አለን", "warranty"),
        ("የ1 ዓመት ዋስትና አለው። ቅናሽ የለውም", "warranty"),
        ("ቅናሽ አለ፣ ዴሊቨሪ የለንም", "discount"),
        ("በየወሩ ይከፍላሉ፣ ወለድ የለውም", "payment"),
        ("Interest-free instalments, monthly payment of 900", "payment"),
        ("Shop in Bole, we deliver everywhere", "address"),
        ("ቦሌ ሕንፃ ላይ እንገኛለን፣ እናደርሳለን", "address"),
        ("Families welcome. Bole road, opposite the bank", "address"),
    ],
)
def test_a_no_to_something_else_leaves_the_offer(text: str, kind: str) -> None:
    assert kind in offered(text)


def test_an_ad_may_not_promise_what_its_brief_denies() -> None:
    supported = Supported("ድብልቅ ቆሎ\nDelivery የለንም! pickup only")
    assert supported.violations("ያሉበት እናደርሳለን") == [
        Promise("delivery", "ያሉበት", "ያሉበት"),
        Promise("delivery", "እናደርሳለን", "እናደርሳለን"),
    ]
    assert [p.kind for p in supported.violations("Free delivery")] == ["delivery", "gift"]
    assert supported.violations("ዴሊቨሪ የለንም") == []  # true, and of use
    assert [p.kind for p in supported.violations("ዴሊቨሪ የለም ብለው አይጨነቁ፣ እናደርሳለን")] == ["delivery"]


def test_an_ad_may_not_deny_what_its_brief_does_not_speak_of() -> None:
    assert [p.kind for p in Supported("የቆዳ ጫማ").violations("ዋስትና የለውም")] == ["warranty"]


def test_an_ad_may_name_a_place_that_its_brief_delivers_to_and_no_other() -> None:
    supported = Supported("We deliver to Bole. Not made in China")
    assert supported.violations("We deliver to Bole") == []
    assert [p.evidence for p in supported.violations("Bole and Merkato, made in China")] == [
        "merkato",
        "made in",
        "china",
    ]


def test_a_forbidden_phrase_is_not_supported() -> None:
    supported = Supported('Visa advice. Do not write "100% guaranteed".')
    assert [p.kind for p in supported.violations("Visa guaranteed")] == ["warranty"]
