"""From a brief to ranked ads with their evidence: retrieval, prompt, candidates, guards, ranking.

The one library call behind the asset, the command line, the API and the page.
"""

import copy
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation import policy as rules
from adgen_pipeline.generation.channels import nearest_channel
from adgen_pipeline.generation.formats import FORMATS
from adgen_pipeline.generation.guard import Guard, Guarded
from adgen_pipeline.generation.language_model import LanguageModel
from adgen_pipeline.generation.leads import Leads
from adgen_pipeline.generation.prompt import Prompt, build_prompt, slotted, spoken, within_slots
from adgen_pipeline.generation.ranking import Scored, best, score
from adgen_pipeline.generation.shortening import fitted, left_out
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.index.search import Hit, PostIndex
from adgen_pipeline.recipe import GenerationRecipe
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.redact import redact
from adgen_pipeline.text.slots import SLOT, slots_in

logger = logging.getLogger(__name__)

RETRIEVED = 8  # posts looked at: one or two are quoted, all are guarded against copying
ATTEMPTS = 2  # batches drawn, the second one cooler, before the template answers
_EXCERPT_CHARS = 160
Watch = Callable[[str, Mapping[str, Any]], None]  # told an event's name and JSON-able values


class Exemplar(BaseModel):
    """A post or document that an ad was modelled on, its excerpt redacted."""

    model_config = ConfigDict(frozen=True)

    channel_id: int | None
    message_id: int | None
    score: float
    excerpt: str


class AdFact(BaseModel):
    """A fact of an ad and where the brief says it."""

    model_config = ConfigDict(frozen=True)

    slot: str
    kind: str
    text: str
    value: str
    source: str


class PartScore(BaseModel):
    """One of the scores that an ad was ranked by."""

    model_config = ConfigDict(frozen=True)

    part: str
    score: float


class Ad(BaseModel):
    """A written ad with its evidence.

    The fields are the columns of `generation/ads` without the brief's id, and the prompt: the API keeps it with the ad,
    so that what people do with the ad can be learned from under the prompt that it answered.
    """

    model_config = ConfigDict(frozen=True)

    channel_id: int | None
    format: str
    rank: int
    text: str
    slotted: str
    facts: tuple[AdFact, ...]
    left_out: tuple[str, ...]
    exemplars: tuple[Exemplar, ...]
    policy_verdict: str
    policy_rules: tuple[str, ...]
    policy_tags: tuple[str, ...]
    policy_version: str
    scores: tuple[PartScore, ...]
    written_by: str
    prompt: tuple[dict[str, str], ...]
    prompt_digest: str
    model: str
    index: str


class AdWriter:
    """Writes ads for briefs.

    Usage::

        writer = load_writer(store, recipe)
        ads = writer.write(read_brief(path), channel_id=None, n=3, seed=7)
    """

    def __init__(
        self,
        index: PostIndex,
        model: LanguageModel,
        *,
        recipe: GenerationRecipe,
        channels: Mapping[int, str],
        languages: Mapping[int, str] | None = None,
        slotted_posts: Mapping[tuple[int, int], str] | None = None,
        known: frozenset[str] | None = None,
        leads: Leads | None = None,
        policy: rules.Policy | None = None,
        exemplars_in_prompt: int = 1,
        maximum_prompt_tokens: int = 290,
        is_ranked: bool = True,
        model_version: str = "",
        index_version: str = "",
    ) -> None:
        """Put a writer together.

        Args:
            index: where posts are retrieved from.
            model: writes the candidates.
            recipe: how many candidates, how they are drawn.
            channels: names of the channels, by id.
            languages: in which the channels post most, by id; a Sponsored Message must be in its channel's.
            slotted_posts: posts as training saw them, by (channel_id, message_id).
            known: stems of words that are words (`wording.known_stems`); None takes every word for one.
            leads: which kinds of facts words introduce (`leads.learned`); None takes any.
            policy: what briefs and ads are judged by; None for our own rules.
            exemplars_in_prompt: as in training.
            maximum_prompt_tokens: what training rows left for a prompt.
            is_ranked: whether the candidates that pass the guards are ranked; else they come as they were drawn.
            model_version, index_version: recorded with each ad.
        """
        self.channels = channels
        self.model_version = model_version
        self.index_version = index_version
        self.policy = policy or rules.ours()
        self._index = index
        self._model = model
        self._recipe = recipe
        self._languages = languages or {}
        self._slotted_posts = slotted_posts or {}
        self._known = known
        self._leads = leads
        self._exemplars_in_prompt = exemplars_in_prompt
        self._maximum_prompt_tokens = maximum_prompt_tokens
        self._is_ranked = is_ranked

    @property
    def index(self) -> PostIndex:
        """Where posts are retrieved from."""
        return self._index

    @property
    def model(self) -> LanguageModel:
        """What writes the candidates."""
        return self._model

    def variant(
        self,
        *,
        model: LanguageModel | None = None,
        exemplars_in_prompt: int | None = None,
        maximum_prompt_tokens: int | None = None,
        is_ranked: bool | None = None,
        model_version: str | None = None,
    ) -> "AdWriter":
        """This writer with something done otherwise, for comparison; all else is shared."""
        other = copy.copy(self)
        if model_version is not None:
            other.model_version = model_version
        if model is not None:
            other._model = model
        if exemplars_in_prompt is not None:
            other._exemplars_in_prompt = exemplars_in_prompt
        if maximum_prompt_tokens is not None:
            other._maximum_prompt_tokens = maximum_prompt_tokens
        if is_ranked is not None:
            other._is_ranked = is_ranked
        return other

    def write(
        self,
        brief: Brief,
        *,
        channel_id: int | None,
        format: str = "post",
        n: int = 1,
        seed: int,
        watch: Watch | None = None,
    ) -> list[Ad]:
        """The `n` best ads for a brief, best first.

        Fewer than `n` if not enough candidates survive the guards; if none does, one ad by the template writer.

        Args:
            brief: what to advertise; the only source of facts.
            channel_id: where the ad would appear; None for the channel whose posts fit the brief best.
            format: a key of `formats.FORMATS`; facts that it has no room for are named with the ad.
            n: ads wanted.
            seed: the same brief, channel and seed give the same ads.
            watch: told of `progress` (posts found, candidates drawn) and of each `candidate` that passed the checks.

        Raises:
            BriefError: the channel or the format is unknown, or the brief cannot take that format in that channel.
        """
        if format not in FORMATS:
            raise BriefError(f"{format!r} is no ad format. Choose one of: {', '.join(FORMATS)}.")
        if channel_id is not None and self.channels and channel_id not in self.channels:
            raise BriefError(
                f"there is no channel {channel_id}. Known: {', '.join(map(str, sorted(self.channels)))}."
            )
        posts, documents, channel = self._retrieve(brief, channel_id)
        tell: Watch = watch or _told_to_nobody
        tell("progress", {"stage": "retrieved", "posts": len(posts), "channel_id": channel})
        prompt = self._prompt(brief, posts)
        guard = Guard(
            brief,
            retrieved=[hit.post for hit in posts],
            foreign_names=list(self.channels.values()),
            known=self._known,
            leads=self._leads,
            maximum_shared_words=self._recipe.maximum_shared_words,
        )
        language = None if channel is None else self._languages.get(channel)
        checked: list[tuple[str, Guarded]] = []
        for attempt in range(ATTEMPTS):
            candidates = self._candidates(guard.asked, prompt, n, seed=seed + attempt, coolness=0.7**attempt)
            tell("progress", {"stage": "drawn", "candidates": len(candidates)})
            checked += [(c, fitted(guard.check(c), brief, format, language=language)) for c in candidates]
            if any(guarded.refusal is None for _, guarded in checked):
                break
        survivors = [(candidate, guarded) for candidate, guarded in checked if guarded.refusal is None]
        for number, (_, guarded) in enumerate(survivors, start=1):
            tell("candidate", {"number": number, "text": guarded.text})
        _log_check(checked)
        evidence = _Evidence(brief, channel, format, prompt, (*prompt.exemplars, *documents), self)
        if not survivors:
            written = guard.fallback(template_ad(spoken(brief, keep_unknown=True)))
            answer = fitted(written, brief, format, language=language)
            if answer.refusal is not None:
                raise BriefError(
                    f"no {format} can be made of this brief: {answer.refusal}. Choose another format or channel, "
                    "or say more in the brief."
                )
            return [evidence.ad(1, answer, {}, 0.0, "template")]
        if not self._is_ranked:
            drawn = enumerate(survivors[:n], start=1)
            return [evidence.ad(rank, guarded, {}, 0.0, "model") for rank, (_, guarded) in drawn]
        bits = self._model.bits_per_byte([guarded.slotted for _, guarded in survivors])
        retrieved = [hit.post for hit in posts]
        scored: list[Scored] = [
            score(candidate, guarded, guard.asked, bits_per_byte=value, retrieved=retrieved)
            for (candidate, guarded), value in zip(survivors, bits, strict=True)
        ]
        return [
            evidence.ad(rank, item.guarded, item.parts, item.total, "model")
            for rank, item in enumerate(best(scored, n), start=1)
        ]

    def _candidates(self, brief: Brief, prompt: Prompt, n: int, *, seed: int, coolness: float) -> list[str]:
        """Slotted candidates, drawn in one batch."""
        (candidates,) = self._model.generate(
            [prompt.messages],
            samples=max(self._recipe.candidates, n),
            temperature=self._recipe.temperature * coolness,
            top_p=self._recipe.top_p,
            repetition_penalty=self._recipe.repetition_penalty,
            maximum_new_tokens=self._recipe.maximum_new_tokens,
            seed=seed,
            allowed_slots=[{fact.slot for fact in brief.facts}],
        )
        return candidates

    def prompt(self, brief: Brief, channel_id: int | None) -> Prompt:
        """The prompt that `write` would use: for baselines that must see the same."""
        return self._prompt(brief, self._retrieve(brief, channel_id)[0])

    def nearest_post(self, brief: Brief, channel_id: int | None) -> str | None:
        """The retrieved post that is nearest to a brief, its facts as slots; None where nothing is found."""
        posts, _, _ = self._retrieve(brief, channel_id)
        return slotted(posts[0], self._slotted_posts) if posts else None

    def _prompt(self, brief: Brief, posts: Sequence[Hit]) -> Prompt:
        return build_prompt(
            spoken(within_slots(brief, self._model.slots)),
            posts,
            counter=self._model,
            maximum_tokens=self._maximum_prompt_tokens,
            maximum_exemplars=self._exemplars_in_prompt,
            slotted_posts=self._slotted_posts,
        )

    def _retrieve(self, brief: Brief, channel_id: int | None) -> tuple[list[Hit], list[Hit], int | None]:
        """Ad posts near the brief, the advertiser's documents near it, and the channel to write for."""
        query = SLOT.sub(" ", " ".join([brief.product, brief.description, *brief.features])).strip()
        query = query or " ".join(fact.text for fact in brief.of_kind("product"))
        posts = self._index.search(query, k=RETRIEVED, channel_id=channel_id, is_ad=True, kind="post")
        if channel_id is None and posts:
            channel_id = nearest_channel(posts)
            posts = self._index.search(query, k=RETRIEVED, channel_id=channel_id, is_ad=True, kind="post")
        documents: list[Hit] = []
        if brief.advertiser is not None:
            documents = self._index.search(query, k=2, advertiser=brief.advertiser, kind="document")
        return posts, documents, channel_id


class _Evidence:
    """What all ads of one brief have in common."""

    def __init__(
        self,
        brief: Brief,
        channel_id: int | None,
        format: str,
        prompt: Prompt,
        hits: Sequence[Hit],
        writer: AdWriter,
    ) -> None:
        self._brief = brief
        self._channel_id = channel_id
        self._format = format
        self._prompt = prompt
        self._brief_policy = writer.policy.judge_brief(brief)
        self._exemplars = tuple(
            Exemplar(
                channel_id=hit.channel_id,
                message_id=hit.message_id,
                score=hit.score,
                excerpt=redact(hit.post)[:_EXCERPT_CHARS],
            )
            for hit in hits
        )
        self._writer = writer

    def ad(
        self, rank: int, guarded: Guarded, parts: Mapping[str, float], total: float, written_by: str
    ) -> Ad:
        """One ad with its evidence."""
        used = set(slots_in(guarded.slotted))
        judged = rules.strictest(self._brief_policy, self._writer.policy.judge(guarded.text))
        scores = {"total": total, **parts, "repairs_count": float(guarded.repairs_count)}
        return Ad(
            channel_id=self._channel_id,
            format=self._format,
            rank=rank,
            text=guarded.text,
            slotted=guarded.slotted,
            facts=tuple(
                AdFact(slot=f.slot, kind=f.kind, text=f.text, value=f.value, source=f.source)
                for f in self._brief.facts
                if f.slot in used
            ),
            left_out=tuple(fact.text for fact in left_out(guarded.slotted, self._brief)),
            exemplars=self._exemplars,
            policy_verdict=judged.verdict,
            policy_rules=judged.rules,
            policy_tags=judged.tags,
            policy_version=judged.version,
            scores=tuple(
                PartScore(part=part, score=value) for part, value in scores.items() if math.isfinite(value)
            ),
            written_by=written_by,
            prompt=tuple(self._prompt.messages),
            prompt_digest=self._prompt.digest,
            model=self._writer.model_version,
            index=self._writer.index_version,
        )


def _told_to_nobody(event: str, values: Mapping[str, Any]) -> None:
    """Where nobody watches."""
    del event, values


def _log_check(checked: Sequence[tuple[str, Guarded]]) -> None:
    """One line on what the guards did; kinds and counts alone, never words of an ad."""
    kinds: dict[str, int] = {}
    for _, guarded in checked:
        for violation in guarded.violations:
            kinds[violation.kind] = kinds.get(violation.kind, 0) + 1
    kept = sum(guarded.refusal is None for _, guarded in checked)
    found = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "nothing"
    logger.info("kept %d of %d candidates; the guards found %s", kept, len(checked), found)
