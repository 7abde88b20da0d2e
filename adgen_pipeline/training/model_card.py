"""The card (README.md) of a published model, encoder or index: where it is from, how good it is, what it cannot do.

Every number is given by the caller, who reads it from tables and artifacts; no word of a channel stands in a card.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import yaml

from adgen_pipeline.training.licence import Licence
from adgen_pipeline.training_recipe import TrainingRecipe

LANGUAGES = ("am", "en")
OURS = "ours"


class Score(NamedTuple):
    """One metric of one system.

    Attributes:
        system: `ours` or the name of a baseline.
        title, meaning: of the metric.
        value: mean over the cases; low and high bound its 95 % interval.
        is_share: shown as per cent.
        is_higher_better: direction.
    """

    system: str
    title: str
    meaning: str
    value: float
    low: float
    high: float
    cases_count: int
    is_share: bool
    is_higher_better: bool


class Counts(NamedTuple):
    """How many messages of how many channels something was made from; None where nobody wrote that down."""

    channels: int
    messages: int


class Published(NamedTuple):
    """What a card is about.

    Attributes:
        repo: OWNER/NAME.
        version, digest: of the artifact.
        licence: under which it stands.
    """

    repo: str
    version: str
    digest: str
    licence: Licence


def model_card(
    about: Published,
    *,
    recipe: TrainingRecipe | None,
    facts: Mapping[str, object],
    learned_from: Counts | None,
    is_pretrained: bool,
    pretrained_on: Counts | None,
    tables: Mapping[str, int],
    scores: Sequence[Score],
    titles: Mapping[str, str],
    example: Sequence[Mapping[str, str]],
) -> str:
    """The card of a language model.

    Args:
        recipe: the training section of the job that made it; None where that job is gone.
        facts: numbers of that job and of the merge, shown by name.
        learned_from: messages that it was fine-tuned on.
        is_pretrained: whether its base was pre-trained on posts before; pretrained_on says on which.
        tables: rows of the tables behind it, by what a row is.
        scores: the last evaluation's; may be empty.
        titles: what systems are called, in the order of columns.
        example: a prompt as the pipeline writes it, for the code that shows how to use it.
    """
    licence = about.licence
    before = f" {_PRETRAINED} {_messages(pretrained_on)}" if is_pretrained else ""
    header = {
        "language": list(LANGUAGES),
        "license": licence.id,
        **({"base_model": licence.base_model} if licence.base_model else {}),
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["amharic", "advertising", "telegram"],
    }
    return _page(
        header,
        f"# {about.repo.rpartition('/')[2]}",
        "A language model that answers a campaign brief with an Amharic ad for a Telegram channel. Prices, phone "
        "numbers, handles and names in its answers are *slots* such as `⟨price_1⟩`: it learned to write those in their "
        "place, and the writer of adgen_pipeline fills them from the brief.",
        _identity(about),
        f"## Licence\n\n{_licence(licence)}",
        f"## Data\n\n{_data(learned_from, tables)}",
        f"## How it was made\n\n{_recipe(recipe, licence, facts, before)}",
        f"## Scores\n\n{_scores(scores, titles)}",
        f"## Limits\n\n{_LIMITS}",
        f"## Use\n\n{_use(about.repo, example)}",
    )


def encoder_card(
    about: Published, *, origin: str, dimensions: int, preparation: str, learned_from: Counts | None
) -> str:
    """The card of a sentence encoder.

    Args:
        origin: `static`, or the model that was taken as it is.
        dimensions: of its vectors.
        preparation: how texts are prepared for it: stems or search_key.
        learned_from: messages that it was trained on.
    """
    header = {
        "language": list(LANGUAGES),
        "license": about.licence.id,
        **({"base_model": origin} if origin != "static" else {}),
        "library_name": "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        "tags": ["amharic"],
    }
    made = (
        f"Vectors of pieces, averaged, trained on the CPU. {_messages(learned_from)}"
        if origin == "static"
        else f"{origin}, taken as it is."
    )
    return _page(
        header,
        f"# {about.repo.rpartition('/')[2]}",
        f"A sentence encoder for Amharic posts and queries: {dimensions} dimensions, unit length.",
        _identity(about),
        f"## Licence\n\n{_licence(about.licence)}",
        f"## How it was made\n\n{made}",
        "## Limits\n\nIt was chosen for posts and queries in Amharic and measured on nothing else. Texts must be "
        f"prepared as it was trained ({preparation}; `Encoder` of adgen_pipeline does it): the code below does not.",
        f"## Use\n\n```python\nfrom sentence_transformers import SentenceTransformer\n\nencoder = SentenceTransformer("
        f'"{about.repo}")\nvectors = encoder.encode(["የቆዳ ጫማ", "leather shoes"])\n```',
    )


def index_card(about: Published, *, posts_count: int) -> str:
    """The card of an index, which holds other people's posts."""
    return _page(
        {"license": about.licence.id, "language": list(LANGUAGES)},
        f"# {about.repo.rpartition('/')[2]}",
        f"The search index of adgen_pipeline over {posts_count} posts: **it holds posts of Telegram channels word for "
        "word, with contacts**, and names of the channels. Keep this repository private.",
        _identity(about),
    )


def _page(header: Mapping[str, object], *parts: str) -> str:
    front = yaml.safe_dump(dict(header), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(parts) + "\n"


def _identity(about: Published) -> str:
    return f"Version `{about.version}`, SHA-256 of its files `{about.digest}`."


def _licence(licence: Licence) -> str:
    return f"{licence.name} (`{licence.id}`). {licence.notice}".strip()


def _data(learned_from: Counts | None, tables: Mapping[str, int]) -> str:
    counted = "\n".join(f"| {what} | {count:,} |" for what, count in tables.items())
    table = f"\n\n| in the data folder | |\n|---|---:|\n{counted}" if counted else ""
    return (
        "Posts of Telegram channels, exported by hand. Ads among them were taken apart into a brief, which is "
        "reconstructed from the post, and the post with facts as slots: the contacts, prices and names that were found "
        f"are no part of what is learned. {_messages(learned_from)} The posts are not published.{table}"
    )


def _messages(counts: Counts | None) -> str:
    if counts is None:
        return "Which messages it learned from was not written down."
    return f"It learned from {counts.messages:,} messages of {counts.channels:,} channels."


def _recipe(
    recipe: TrainingRecipe | None,
    licence: Licence,
    facts: Mapping[str, object],
    before: str,
) -> str:
    base = licence.base_model or "a base model that is not on the hub"
    if recipe is None:
        told = f"Fine-tuned from {base}. The job that made it is gone, and with it the recipe."
        rows: Mapping[str, object] = facts
    else:
        method = "the whole network" if recipe.method == "full" else "LoRA, merged into the base"
        told = f"Fine-tuned from {base}: {method}; loss on the answer alone, its end included."
        rows = {**_settings(recipe), **facts}
    return f"{told}{before}\n\n| | |\n|---|---|\n" + "\n".join(
        f"| {name} | {value} |" for name, value in rows.items()
    )


def _settings(recipe: TrainingRecipe) -> dict[str, object]:
    shape = (
        {"LoRA rank": recipe.lora.rank, "LoRA alpha": recipe.lora.alpha} if recipe.method == "lora" else {}
    )
    return {
        **shape,
        "learning rate": recipe.learning_rate,
        "schedule": recipe.schedule,
        "rows a micro-step": recipe.batch_size,
        "accumulation steps": recipe.accumulation_steps,
        "tokens a row, at most": recipe.maximum_tokens,
        "precision": recipe.precision,
        "base loaded in": recipe.load_in,
        "seed": recipe.seed,
    }


def _scores(scores: Sequence[Score], titles: Mapping[str, str]) -> str:
    if not scores:
        return "None: this model was not evaluated."
    systems = [name for name in titles if any(score.system == name for score in scores)]
    by_place = {(score.title, score.system): score for score in scores}
    ours = [score for score in scores if score.system == OURS]
    lines = [
        "On held-out posts whose briefs were reconstructed; mean over the cases and 95 % interval (bootstrap over "
        "cases). The whole writer is scored: retrieval, model, guards, ranking; bits per byte are the model's alone.",
        "",
        f"| metric | cases | {' | '.join(titles[name] for name in systems)} |",
        f"|---|---:|{'---:|' * len(systems)}",
    ]
    for score in ours:
        arrow = "↑" if score.is_higher_better else "↓"
        cells = [_cell(by_place.get((score.title, name))) for name in systems]
        lines.append(f"| {score.title} {arrow} | {score.cases_count} | {' | '.join(cells)} |")
    lines += ["", *(f"* {score.title}: {score.meaning}." for score in ours)]
    return "\n".join(lines)


def _cell(score: Score | None) -> str:
    if score is None:
        return "–"
    if score.is_share:
        return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"
    return f"{score.value:.2f} ({score.low:.2f} to {score.high:.2f})"


_PRETRAINED = "Before that, its pre-training went on with posts as they are, contacts included."
_LIMITS = """\
* Alone it may invent: names, features, promises. What keeps a number or contact that the brief does not carry out of
  an ad is the pipeline's guard, not the model. Do not post its answers unread.
* It may repeat phrases of the posts it learned from. The pipeline looks for copied runs of words; the model cannot.
* It answers prompts in the form shown below, and is no general assistant.
* Briefs in the scores are reconstructed from the posts themselves; what people write says less and says it otherwise.
* Models cannot un-learn: whoever asks to be forgotten is taken out of the data, and only a new version did not learn
  from them."""


def _use(repo: str, example: Sequence[Mapping[str, str]]) -> str:
    shown = "\n".join(
        f'    {{"role": "{turn["role"]}", "content": {json.dumps(turn["content"], ensure_ascii=False)}}},'
        for turn in example
    )
    return f"""\
```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{repo}")
model = AutoModelForCausalLM.from_pretrained("{repo}")
messages = [
{shown}
]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
output = model.generate(**inputs, max_new_tokens=120)
print(tokenizer.decode(output[0][inputs["input_ids"].shape[1]:]))
```

The answer holds slots. `adgen write` of adgen_pipeline reads a brief, quotes posts, draws several answers, refuses
what the brief does not say, and fills the slots."""
