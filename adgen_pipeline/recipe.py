"""What to do: a recipe is one YAML file with one section a stage; one file is one experiment.

Frozen Pydantic models; unknown keys are refused and all problems are shown at once. Which machine stands in
`settings.py`, how to spread a job in `deepspeed_configs/`.
"""

from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.errors import RecipeError
from adgen_pipeline.index_recipe import TRAINED, IndexRecipe
from adgen_pipeline.recipe_section import Positive, Section, Share, digest_of
from adgen_pipeline.training_recipe import TrainingRecipe

STAGES = (
    "telegram",
    "labels",
    "corpus",
    "tokenizer",
    "training",
    "embedding",
    "index",
    "generation",
    "evaluation",
)

UNNAMED_LICENCES = {"unknown", "none", "n/a", "na", "other", "tbd", "??"}

AdFormat = Literal["post", "caption", "sponsored", "tagline"]  # rules: generation/formats.py


class TelegramRecipe(Section):
    """How exports are read and cleaned."""

    zone: str = "Africa/Addis_Ababa"  # of `date` where an old export has no `date_unixtime`
    near_empty_chars: Positive = 20  # posts below are flagged near-empty (1,455 of 65,711 real ones)


class MessageRange(BaseModel):
    """A channel, or its messages from `first` to `last`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: int
    first: int | None = None  # None: from the start
    last: int | None = None  # None: to the end

    @model_validator(mode="after")
    def _runs_forwards(self) -> "MessageRange":
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"{self} runs backwards: the smaller message id comes first")
        return self

    def overlaps(self, other: "MessageRange") -> bool:
        """Whether a message can be in both."""
        starts_before_end = other.last is None or self.first is None or self.first <= other.last
        ends_after_start = self.last is None or other.first is None or other.first <= self.last
        return self.channel == other.channel and starts_before_end and ends_after_start

    def __str__(self) -> str:
        """Channel and ids for people."""
        first, last = (number or "…" for number in (self.first, self.last))
        return f"channel {self.channel}, messages {first} to {last}"


class AnnotatorGroup(BaseModel):
    """People who label the posts of their ranges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=60)]
    annotators: Annotated[
        tuple[Annotated[str, Field(pattern=r"^\w[\w.@-]*$", max_length=60)], ...], Field(min_length=1)
    ]
    ranges: Annotated[tuple[MessageRange, ...], Field(min_length=1)]


class FurtherLabels(BaseModel):
    """Labelled texts of others, below labelled/, that teach the classifier one label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    licence: Annotated[str, Field(min_length=2)]
    path: Annotated[str, Field(min_length=1)]  # below $ADGEN_DATA/labelled/
    label: str  # the tag or vertical that they teach
    given_by: Annotated[tuple[str, ...], Field(min_length=1)]  # labels of the file that stand for it
    format: Literal["fasttext", "csv", "tsv", "jsonl"] | None = None  # None: by the file's ending
    text_column: str = "text"
    label_column: str = "label"


class LabelsRecipe(Section):
    """How posts get verticals and tags, and who is asked about which of them."""

    minimum_score: Annotated[float, Field(gt=0)] = 1.0  # keyword weight a label needs
    groups: tuple[AnnotatorGroup, ...] = ()  # labels/tasks and labels/agreement are made where there are some
    overlap: Annotated[float, Field(ge=0, le=0.5)] = 0.15  # share of posts that a second annotator gets too
    tasks_per_group: Positive | None = None  # None: every post of the ranges; else so many are drawn
    adjudicators: tuple[str, ...] = ()  # annotators whose answers decide where others differ
    minimum_alpha: Share = 0.67  # agreement below this is warned of (Krippendorff's bound for tentative use)
    bootstrap_samples: Positive = 500
    training_texts: Positive = 8000  # posts by whose weak labels the classifier learns
    further: tuple[FurtherLabels, ...] = ()  # labelled texts of others, from which it learns too
    maximum_drift: Share = 0.1  # a label's share of the posts that moves more than this is warned of
    seed: int = 7

    @model_validator(mode="after")
    def _each_post_is_of_one_group(self) -> "LabelsRecipe":
        people = [name for group in self.groups for name in group.annotators]
        for kind, names in (("groups", [group.name for group in self.groups]), ("annotators", people)):
            if repeated := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{kind} are named twice: {', '.join(repeated)}")
        if self.overlap and len(people) == 1:
            raise ValueError(
                "one annotator alone has nobody to agree with: name a second one, or set overlap to 0"
            )
        parts = [(group.name, part) for group in self.groups for part in group.ranges]
        for (one, first), (other, second) in combinations(parts, 2):
            if first.overlaps(second):
                raise ValueError(
                    f"ranges overlap: {first} ({one}) and {second} ({other}); `overlap` shares posts"
                )
        return self


class FurtherCorpus(BaseModel):
    """Texts for pre-training that are no Telegram export: files below corpora/, or a dataset of the hub."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    licence: Annotated[str, Field(min_length=2)]  # such as CC-BY-4.0: kept beside every text
    path: str | None = None  # a file or a folder of files below $ADGEN_DATA/corpora/
    format: Literal["text", "paragraphs", "jsonl", "json", "parquet"] | None = (
        None  # None: by the file's ending
    )
    dataset: Annotated[str, Field(pattern=r"^[\w-][\w.-]*/[\w-][\w.-]*$")] | None = (
        None  # owner/name on the hub
    )
    subset: str | None = None  # of the dataset
    revision: str = "main"  # of the dataset; a commit makes the corpus the same for ever
    split: str = "train"  # of the dataset
    text_column: str = "text"
    maximum_rows: Positive = 1_000_000
    maximum_chars: Positive = 100_000  # longer than a post may be: articles are whole

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> "FurtherCorpus":
        if (self.path is None) == (self.dataset is None):
            raise ValueError("name either a path below corpora/ or a dataset of the hub")
        if self.path is not None:
            parts = self.path.split("/")
            if "\\" in self.path or "\0" in self.path or not all(parts) or {".", "..", "~"} & set(parts):
                raise ValueError(f"path {self.path!r} does not lead below corpora/: use names parted by /")
        if self.dataset is not None and self.format is not None:
            raise ValueError("format is for files; a dataset brings its own")
        if self.licence.strip().lower() in UNNAMED_LICENCES:
            raise ValueError(f"licence {self.licence!r} names none: find it out, or leave the corpus out")
        return self


class CorpusRecipe(Section):
    """What is kept, what counts as the same post, and how posts are split."""

    minimum_words: Positive = 4
    minimum_ethiopic_share: Share = 0.2
    maximum_chars: Positive = 4096
    near_duplicate_similarity: Annotated[float, Field(gt=0, le=1)] = 0.8
    validation_from: date | None = (
        None  # posts from this day on (UTC) are validation; no default: see splits.py
    )
    test_from: date | None = None  # posts from this day on are test
    test_until: date | None = (
        None  # posts from this day on are for training again; None: all newer ones are test
    )
    held_out_channels: tuple[int, ...] = ()  # whole channels that go to the split test_channel
    minimum_ads: Positive = 20  # fewer ads than this is an error, not a model
    signature_share: Annotated[float, Field(gt=0, le=1)] = 0.15  # a line in this share of a channel's ads
    signature_minimum_posts: Positive = 5  # and in at least so many of them is a signature line
    exemplars_in_prompt: Annotated[int, Field(ge=0, le=3)] = 1
    seed: int = 7  # which post is quoted in which prompt
    further: tuple[
        FurtherCorpus, ...
    ] = ()  # corpora for pre-training; corpus/further_documents is made of them

    @model_validator(mode="after")
    def _names_of_further_corpora_differ(self) -> "CorpusRecipe":
        names = [corpus.name for corpus in self.further]
        if len(set(names)) < len(names):
            raise ValueError("two corpora of `further` have one name: their texts could not be told apart")
        return self

    @model_validator(mode="after")
    def _splits_follow_each_other(self) -> "CorpusRecipe":
        if (self.validation_from is None) != (self.test_from is None):
            raise ValueError("validation_from and test_from come together or not at all")
        if self.validation_from and self.test_from and self.validation_from >= self.test_from:
            raise ValueError("validation_from must be before test_from, or no post is left to validate with")
        if self.test_until and (self.test_from is None or self.test_from >= self.test_until):
            raise ValueError("test_until must be behind test_from, or no post is left to test with")
        return self


class TokenizerRecipe(Section):
    """How the base model's vocabulary is adapted."""

    trim: bool = False  # keep only the pieces that corpus and English need
    slots_per_kind: Positive = 6
    extend_pieces: Annotated[int, Field(ge=0)] = (
        0  # Amharic pieces to learn at most; above 0 tokenizer/extended is made
    )


class BriefTarget(BaseModel):
    """One brief to write for, and where its ad would appear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brief: str  # file name below briefs/
    channel: int | None = None  # channel id; None: the best fitting channel
    format: AdFormat = "post"


class GenerationRecipe(Section):
    """How ads are written."""

    targets: tuple[BriefTarget, ...] = ()
    ads_per_target: Positive = 1
    candidates: Positive = 6  # sampled for each target, then ranked
    temperature: Annotated[float, Field(gt=0)] = 0.4
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    # At 1.1 Amharic words break, for their pieces repeat: 2 of 12 candidates passed the guards, at 1.0 11 of 12.
    repetition_penalty: Annotated[float, Field(ge=1)] = 1.0
    maximum_new_tokens: Positive = 260
    maximum_shared_words: Positive = 12  # a longer run shared with a retrieved post is a copy
    minimum_preferences: Annotated[int, Field(ge=0)] = (
        0  # pairs from feedback; above 0 generation/preferences is made
    )
    endpoint: EndpointRecipe | None = None  # a model behind an address writes, instead of training/model
    seed: int = 7


BaselineName = Literal[
    "base", "base_retrieval", "template", "nearest_post", "retrieval", "no_retrieval", "no_ranking", "unchecked",
    "no_slots", "endpoint",
]  # fmt: skip


class EvaluationRecipe(Section):
    """What is measured."""

    cases: Positive = 10  # held-out posts for which every system writes
    systems: tuple[BaselineName, ...] = ("base", "template")  # beside ours: evaluation/systems.py
    endpoint: EndpointRecipe | None = None  # of the system `endpoint`
    judge: EndpointRecipe | None = None  # of `adgen evaluate judge`; nothing else asks it
    pdf: bool = True  # print the report where a headless browser is installed
    retrieval_queries: Positive = 200
    bootstrap_samples: Positive = 500
    seed: int = 7


class Recipe(BaseModel):
    """One experiment: a name, a sentence, and a section a stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    description: str
    telegram: TelegramRecipe = TelegramRecipe()
    labels: LabelsRecipe = LabelsRecipe()
    corpus: CorpusRecipe = CorpusRecipe()
    tokenizer: TokenizerRecipe = TokenizerRecipe()
    training: TrainingRecipe
    embedding: EmbeddingRecipe = EmbeddingRecipe()
    index: IndexRecipe = IndexRecipe()
    generation: GenerationRecipe = GenerationRecipe()
    evaluation: EvaluationRecipe = EvaluationRecipe()

    @model_validator(mode="after")
    def _systems_differ_from_ours(self) -> "Recipe":
        quoted = self.corpus.exemplars_in_prompt
        same = "retrieval" if quoted == 1 else "no_retrieval" if quoted == 0 else None
        if same in self.evaluation.systems:
            raise ValueError(
                f"evaluation.systems: {same} is ours where corpus.exemplars_in_prompt is {quoted}"
            )
        if "endpoint" in self.evaluation.systems and self.evaluation.endpoint is None:
            raise ValueError("evaluation.systems: endpoint needs evaluation.endpoint")
        return self

    @model_validator(mode="after")
    def _a_trained_reranker_is_trained(self) -> "Recipe":
        named = self.index.reranker
        if named is not None and named.model == TRAINED and self.embedding.reranker is None:
            raise ValueError("index.reranker.model: trained needs embedding.reranker; or name a model")
        return self

    def section(self, stage: str) -> Section:
        """The section of a stage, by its word."""
        section = getattr(self, stage)
        assert isinstance(section, Section)
        return section

    def asks_for(self, keys: str) -> bool:
        """Whether a key such as tokenizer.extend_pieces is set: each of several, and of those parted by | one."""
        options = [[key.split(".") for key in together.split()] for together in keys.split("|")]
        return any(all(bool(getattr(self.section(s), name)) for s, name in option) for option in options)

    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of the whole recipe."""
        return digest_of(self.model_dump(mode="json"))


def load_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file.

    Raises:
        RecipeError: the file is missing, is not YAML, or has wrong or unknown keys: all of them in one message.
    """
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        raise RecipeError(f"{path}: no such recipe. Recipes in that folder: {known}.")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not YAML ({' '.join(str(error).split())}). Mend that line.") from error
    if not isinstance(values, dict):
        raise RecipeError(f"{path}: a recipe is a mapping with a section a stage: {', '.join(STAGES)}.")
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_problem(dict(e)) for e in error.errors(include_url=False))
        raise RecipeError(f"{path}: {error.error_count()} problem(s): {problems}.") from error


def _problem(error: dict[str, object]) -> str:
    """One validation error in words: where, what was found, what is allowed."""
    location = error["loc"]
    assert isinstance(location, tuple)
    where = ".".join(str(part) for part in location) or "the recipe"
    if error["type"] == "extra_forbidden":
        return f"{where} is not a known key (known here: {', '.join(_known_keys(location[:-1]))})"
    return f"{where}: {error['msg']} (found {error.get('input')!r})"


def _known_keys(location: tuple[object, ...]) -> list[str]:
    """Keys that may stand at a place of the recipe."""
    model: type[BaseModel] = Recipe
    for part in location:
        if isinstance(part, int):
            continue  # an item of a list, whose type was taken before
        annotation = model.model_fields[str(part)].annotation if part in model.model_fields else None
        if get_origin(annotation) is tuple:
            annotation = get_args(annotation)[0]
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return list(model.model_fields)
