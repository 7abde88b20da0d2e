import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.ft2font import FT2Font

from adgen_pipeline import figures


def chart() -> bytes:
    return figures.png(figures.bars({"ብር": 3.0, "ስልክ": 2.5, "price": 1.0}, title="ቃላት", unit="occurrences"))


@pytest.mark.parametrize("text", ["".join(map(chr, range(0x1200, 0x1249))), "ሀፚ።፣፤፥፦", "ብር", "AZaz09,.%+"])
def test_the_embedded_font_has_the_letters_of_amharic_and_english_ads(text: str) -> None:
    charmap = FT2Font(str(figures.FONT)).get_charmap()
    assert [c for c in text if ord(c) not in charmap] == []


def test_a_figure_gives_the_same_bytes_each_time_and_names_no_software() -> None:
    image = chart()
    assert image == chart()
    assert b"Software" not in image
    assert image.startswith(b"\x89PNG")


def test_a_large_figure_becomes_coarser_until_it_fits() -> None:
    noise = {f"row {n}": [(n * m * 7919) % 101 for m in range(48)] for n in range(20)}
    full = figures.png(figures.heat_map(noise, [str(m) for m in range(48)], title="noise"))
    assert len(full) <= figures.MAXIMUM_BYTES
    small = figures.png(
        figures.heat_map(noise, [str(m) for m in range(48)], title="noise"), maximum_bytes=10_000
    )
    assert struct.unpack(">I", small[16:20])[0] < struct.unpack(">I", full[16:20])[0]


def test_a_figure_knows_the_width_it_was_drawn_at_however_coarse_it_is() -> None:
    figure = figures.lines({"ስህተት": ([0, 1], [1.0, 2.0])}, title="t", x="x", y="y")
    assert figures.width_inches(figures.png(figure)) == pytest.approx(7.0, abs=0.01)
    assert figures.width_inches(figures.png(figure, maximum_bytes=1)) == pytest.approx(7.0, abs=0.02)


def test_the_font_of_a_page_holds_its_letters_and_little_more() -> None:
    uri = figures.font_data_uri("ዋጋ 12")
    assert uri.startswith("data:font/woff;base64,")
    assert len(uri) < 10_000
    assert uri == figures.font_data_uri("ዋጋ 12")


def test_a_label_with_emoji_dollars_and_line_breaks_is_drawn_as_plain_text() -> None:
    assert figures.label("🔥 ሱቅ\n$x$") == r"ሱቅ \$x\$"
    assert figures.label("ⒶⒷ 𝐂") == "AB C"
    assert figures.label("🔥") == "–"
    assert figures.png(figures.bars({"🔥 $\\frac{ $ ሱቅ": 1.0}, title="t"))


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.text(max_size=30), st.floats(0, 1e9), max_size=3))
def test_any_label_can_be_drawn(values: dict[str, float]) -> None:
    assert figures.png(figures.bars(values, title="any"), maximum_bytes=10**6)


def test_the_other_charts_draw_ethiopic_labels() -> None:
    groups = {"fact recall": {"ours": (0.9, 0.8, 1.0), "ባዶ": (0.4, 0.3, 0.5)}}
    for figure in (
        figures.grouped_bars(groups, title="scores"),
        figures.lines(
            {"ስህተት": ([0, 1, 2], [3.0, 2.0, 1.5]), "empty": ([], [])}, title="loss", x="step", y="loss"
        ),
    ):
        assert figures.data_uri(figures.png(figure)).startswith("data:image/png;base64,iVBOR")
