import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline import figures
from adgen_pipeline.evaluation import evidence, pdf, report, scores
from adgen_pipeline.evaluation_schemas import RETRIEVAL
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES, NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import BRIEFS, GENERATED_ADS
from adgen_pipeline_tests.evaluation.ads import AD, BRIEF, answers, background, cases

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} <img src=x onerror=alert(1)> & $x$"
PHONE, HANDLE = "+251 900 000 099", "@abc_sample_shop"


def tables() -> dict[str, pl.DataFrame]:
    """All tables of a report, with hostile words wherever other people's words stand."""
    known = cases(6).with_columns(pl.lit(f"{AD}\n{HOSTILE}\n{PHONE} {HANDLE}").alias("reference"))
    written = answers(
        {
            "ours": [AD] * 4 + ["ጫማ", f"{AD} {HOSTILE} {PHONE}"],
            "base": ["the the the"] * 6,
            "template": [AD] * 6,
        }
    )
    bits = {"ours": [1.2, 1.4] * 3, "base": [2.0, 2.4] * 3}
    measures = scores.measure(known, written, bits, background())
    return {
        "measures": measures,
        "scores": scores.build(measures, recipe=EvaluationRecipe()),
        "retrieval": RETRIEVAL.frame(
            [
                {
                    "system": s,
                    "queries_count": 40,
                    "recall_at_10": r,
                    "mrr_at_10": r - 0.2,
                    "ndcg_at_10": r - 0.1,
                }
                for s, r in (("hybrid", 0.9), ("dense", 0.7), ("full_text", 0.8))
            ]
        ),
        "cases": known,
        "answers": written,
        "ads": GENERATED_ADS.frame(
            [
                {
                    "brief_id": "shoes",
                    "channel_id": 1,
                    "format": "post",
                    "rank": 1,
                    "text": f"{AD}\n{HOSTILE}\n12345 ብር",
                    "slotted": "",
                    "facts": [
                        {"slot": f.slot, "kind": f.kind, "text": f.text, "value": f.value, "source": f.source}
                        for f in BRIEF.facts
                    ],
                    "exemplars": [
                        {
                            "channel_id": 1,
                            "message_id": 7,
                            "score": 0.8,
                            "excerpt": f"{HOSTILE} {PHONE} {HANDLE}",
                        }
                    ],
                    "policy_verdict": "allow",
                    "policy_rules": [],
                    "scores": [{"part": "fact_coverage", "score": 1.0}],
                    "written_by": "model",
                    "prompt_digest": "0" * 12,
                    "model": "abc123",
                    "index": "def456",
                }
            ]
        ),
        "briefs": BRIEFS.frame(
            [
                {
                    "brief_id": "shoes",
                    "source": "shoes.yaml",
                    "language": "am",
                    "brief": BRIEF.model_copy(update={"description": HOSTILE}).model_dump_json(),
                    "missing": ["audience"],
                }
            ]
        ),
        "channel_profiles": CHANNEL_PROFILES.frame(
            [
                {
                    "channel_id": n,
                    "channel_name": f"ሱቅ {n} {HOSTILE}",
                    "posts_count": 100 * n,
                    "documents_count": 60,
                    "ads_count": 50,
                    "ad_share": 0.5,
                    "hour_counts": list(range(24)),
                    "week_hour_counts": list(range(168)),
                    "months": [],
                    "weekday_counts": list(range(7)),
                    "verticals": [{"vertical": "retail", "posts_count": 50}],
                    "languages": [],
                    "top_hashtags": [{"hashtag": f"#{HOSTILE}", "posts_count": 2}],
                    "top_emojis": [],
                }
                for n in (1, 2)
            ]
        ),
        "ngrams": NGRAMS.frame(
            [{"n": 2, "ngram": "አዲስ <b>", "count": 3, "documents_count": 3, "channels_count": 2}]
        ),
        "word_frequencies": WORD_FREQUENCIES.frame(
            [
                {
                    "word": w,
                    "count": 9 - n,
                    "documents_count": 5,
                    "channels_count": 2,
                    "share": 0.1,
                    "is_stop_word": False,
                }
                for n, w in enumerate(("ጫማ", "ብር", "<b>"))
            ]
        ),
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    out = tmp_path_factory.mktemp("report") / "v1"
    return out, report.build(out, **tables(), versions={"recipe": "tiny"}, training_curve=curve())


def curve() -> bytes:
    return figures.png(figures.lines({"train": ([0, 1], [2.0, 1.0])}, title="Loss", x="step", y="loss"))


class Tags(HTMLParser):
    """Collects tags and the attributes that can load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            value or "" for name, value in attrs if name in ("src", "href") or name.startswith("on")
        ]


def test_the_page_stands_alone_and_runs_nothing(built: tuple[Path, dict[str, object]]) -> None:
    page = (built[0] / "report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags
    assert all(load.startswith("data:image/png;base64,") for load in tags.loads)
    assert re.findall(r"url\(\"(?!data:)", page) == []
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_words_of_others_are_escaped_and_their_contacts_redacted(
    built: tuple[Path, dict[str, object]],
) -> None:
    page = (built[0] / "report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert PHONE not in page
    assert HANDLE not in page
    assert "[phone] [handle]" in page


def test_the_verdict_comes_first_and_counts_what_could_be_posted(
    built: tuple[Path, dict[str, object]],
) -> None:
    out, info = built
    page = (out / "report.html").read_text(encoding="utf-8")
    assert info["verdict"] == "4 of 6 held-out briefs got an ad that could be posted as it is"
    assert page.index(str(info["verdict"])) < page.index("<h2>Scores</h2>") < page.index("Where it fails")
    assert "Untrained base model: 0 of 6. Template: 6 of 6." in page
    assert info["failures_count"] == 2
    assert "not stated: price, phone, location" in page


def test_the_same_tables_give_the_same_page(built: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    report.build(tmp_path, **tables(), versions={"recipe": "tiny"}, training_curve=curve())
    assert (tmp_path / "report.html").read_bytes() == (built[0] / "report.html").read_bytes()


def test_a_training_curve_is_shown_and_kept_as_it_came(built: tuple[Path, dict[str, object]]) -> None:
    assert "<h2>Training</h2>" in (built[0] / "report.html").read_text(encoding="utf-8")
    assert (built[0] / "figures" / "training_curve.png").read_bytes() == curve()


def test_a_report_without_ads_baselines_or_training_is_still_a_page(tmp_path: Path) -> None:
    given = tables()
    given["ads"] = given["ads"].clear()
    given["answers"] = given["answers"].filter(system="ours")
    given["scores"] = given["scores"].filter(system="ours")
    given["measures"] = given["measures"].filter(system="ours")
    given["retrieval"] = given["retrieval"].clear()
    info = report.build(tmp_path, **given, versions={}, training_curve=None)
    assert info["ads_count"] == 0
    assert "<h2>Training</h2>" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_facts_are_marked_with_their_kind_and_inventions_as_such() -> None:
    parts = evidence.marked("ጫማ 1,700 ብር ብቻ፣ ከ 900 ብር ጀምሮ", {"1,700 ብር": "price"})
    assert [(p["text"], p["kind"]) for p in parts if p["kind"]] == [
        ("1,700 ብር", "price"),
        ("900 ብር", evidence.UNSUPPORTED),
    ]
    assert "".join(p["text"] for p in parts) == "ጫማ 1,700 ብር ብቻ፣ ከ 900 ብር ጀምሮ"


def test_a_fact_within_a_longer_fact_is_marked_once() -> None:
    parts = evidence.marked("0900000001 ቦሌ", {"0900000001 ቦሌ": "term", "0900000001": "phone"})
    assert [(p["text"], p["kind"]) for p in parts] == [("0900000001 ቦሌ", "term")]


@pytest.mark.slow
@pytest.mark.skipif(pdf.browser() is None, reason="no headless browser here")
def test_the_page_is_printed_where_a_browser_is_installed(tmp_path: Path) -> None:
    report.build(tmp_path, **tables(), versions={}, training_curve=None)
    assert pdf.print_page(tmp_path / "report.html", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_without_a_browser_there_is_no_pdf_and_no_fuss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pdf.browser() is None
    assert not pdf.print_page(tmp_path / "report.html", tmp_path / "report.pdf")


def test_a_browser_that_fails_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert not pdf.print_page(tmp_path / "report.html", tmp_path / "report.pdf")
    assert "the report has no PDF" in caplog.text
