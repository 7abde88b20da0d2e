from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation import rejudging
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.policy import Policy, ours
from adgen_pipeline.generation.rejudging import Rejudging, rejudge

SHOES = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር", source="brief.md")
BETTING = understand("ምርት፦ የስፖርት ውርርድ\nዋጋ፦ 50 ብር", source="brief.md")
RULE = "rules:\n  shop-1:\n    name: no leather\n    verdict: needs_review\n    tag: leather\n    am: [ቆዳ]\n"


def ad(text: str, **more: Any) -> dict[str, Any]:
    return {
        "text": text,
        "channel_id": 7,
        "exemplars": [],
        "scores": [{"part": "total", "score": 0.1}],
        **more,
    }


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive.of(store)


def with_client(folder: Path, text: str = RULE) -> Policy:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    return Policy.with_clients(folder)


def test_a_new_rule_judges_what_is_stored_and_changes_nothing_else(
    archive: Archive, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejudging, "BATCH", 2)  # more than one transaction
    before = [ad("የቆዳ ጫማ 2,500 ብር", policy_verdict="allow", policy_version="old") for _ in range(4)]
    shoes = archive.keep(SHOES, [*before, ad("ምርጥ ጫማ")], at=1.0)  # the last is from before versions were kept
    policy = with_client(store.policy)
    found = rejudge(archive, policy)
    assert found == {("allow", "needs_review"): 4, ("", "needs_review"): 1}
    for ad_id in shoes:
        stored = archive.ad(ad_id)
        assert stored is not None
        assert stored.ad["policy_verdict"] == "needs_review"
        assert stored.ad["policy_rules"] == ["shop-1"]
        assert stored.ad["policy_tags"] == ["leather"]
        assert stored.ad["policy_version"] == policy.version != ours().version
    first = archive.ad(shoes[0])
    assert first is not None
    assert {name: first.ad[name] for name in ("text", "channel_id", "exemplars", "scores")} == {
        name: before[0][name] for name in ("text", "channel_id", "exemplars", "scores")
    }
    assert not rejudge(archive, policy)
    assert rejudge(archive, ours()) == {("needs_review", "allow"): 5}


def test_harmless_words_do_not_clear_a_brief(archive: Archive) -> None:
    (kept,) = archive.keep(BETTING, [ad("ዛሬውኑ ይጎብኙን!", policy_verdict="allow")], at=1.0)
    rejudge(archive, ours())
    stored = archive.ad(kept)
    assert stored is not None
    assert (stored.ad["policy_verdict"], stored.ad["policy_tags"]) == ("refuse", ["gambling"])


def test_an_archive_that_nothing_was_kept_in_stays_unmade(archive: Archive) -> None:
    assert not rejudge(archive, ours())
    assert not archive.path.exists()


def test_rules_are_followed_once_a_change_and_a_broken_file_changes_nothing(
    archive: Archive, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = rejudging.rejudge

    def counted(kept: Archive, policy: Policy) -> Counter[tuple[str, str]]:
        asked.append(policy.version)
        return real(kept, policy)

    monkeypatch.setattr(rejudging, "rejudge", counted)
    (kept,) = archive.keep(SHOES, [ad("የቆዳ ጫማ")], at=1.0)

    def verdict() -> object:
        stored = archive.ad(kept)
        assert stored is not None
        return stored.ad["policy_verdict"]

    following = Rejudging(archive, store.policy)
    following.follow()
    following.follow()
    assert (len(asked), verdict()) == (1, "allow")
    with_client(store.policy)
    following.follow()
    following.follow()
    assert (len(asked), verdict()) == (2, "needs_review")
    (store.policy / "shop.yaml").write_text("rules: 5", encoding="utf-8")
    with pytest.raises(BriefError, match=r"shop\.yaml"):
        following.follow()
    assert verdict() == "needs_review"
    monkeypatch.setattr(rejudging, "AGAIN_SECONDS", -1.0)  # what a slow request kept meanwhile
    with_client(store.policy)
    following.follow()
    following.follow()
    assert len(asked) == 4
