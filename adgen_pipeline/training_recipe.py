"""The recipe's training section: what is trained, how, for how long; and what cannot work, with the reason."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adgen_pipeline.recipe_section import Positive, Section, Share

Load = Literal["full", "4bit", "8bit"]  # as it is, or quantised by bitsandbytes
Encoding = Literal["cl100k_base", "o200k_base"]  # of OpenAI's models


class LoraRecipe(BaseModel):
    """Shape of the adapter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: Positive = 32
    alpha: Positive = 64
    dropout: Share = 0.0


class PretrainingRecipe(BaseModel):
    """Continued pre-training on whole texts, before the fine-tuning on briefs and ads.

    What is not named here (precision, spread, loading, early stopping …) is that of the training section.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["lora", "full"] = "lora"
    lora: LoraRecipe = LoraRecipe(rank=64, alpha=128)
    column: Literal["post", "text"] = (
        "post"  # of the documents: as they look (L0), or with homophones unified
    )
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    new_rows_share: Annotated[float, Field(ge=0, lt=1)] = (
        0.1  # of the run: first the new pieces' rows alone learn
    )
    english_share: Annotated[float, Field(ge=0, lt=1)] = (
        0.1  # of the tokens, where further corpora hold English
    )
    maximum_steps: Positive = 100_000
    maximum_minutes: Annotated[float, Field(gt=0)] | None = None
    maximum_epochs: Annotated[float, Field(gt=0)] = 1.0
    row_tokens: Positive = 1024  # longer texts are cut; short ones are packed side by side
    batch_size: Positive = 8  # packed rows a rank a micro-step
    accumulation_steps: Positive = 1


class LandscapeRecipe(BaseModel):
    """Base models that are measured side by side, before one of them is chosen; in the section's precision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidates: Annotated[tuple[str, ...], Field(min_length=1)]  # named as base_model is
    loads: Annotated[tuple[Load, ...], Field(min_length=1)] = ("full", "8bit", "4bit")
    encodings: tuple[Encoding, ...] = (
        "cl100k_base",
        "o200k_base",
    )  # of OpenAI, where their files are at hand
    posts: Positive = 200  # held-out ones, drawn by the section's seed
    answer_tokens: Positive = 64  # of each answer, at most
    fetch: bool = False  # candidates of the hub that are not at hand


class PreferencesRecipe(BaseModel):
    """Tuning on pairs of ads of which people preferred one, after the fine-tuning and starting from its result.

    What is not named here (method, precision, spread, loading …) is that of the training section.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: Positive = 100  # pairs to learn from; with fewer the fine-tuned model stays as it is
    beta: Annotated[float, Field(gt=0)] = 0.1  # how dear it is to move away from the fine-tuned model
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0  # share of verdicts taken for mistakes
    # Weight of the preferred ad's own loss: without it both ads of a pair may grow unlikely, one less than the other.
    sft_weight: Annotated[float, Field(ge=0)] = 0.1
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    maximum_steps: Positive = 10_000
    maximum_minutes: Annotated[float, Field(gt=0)] | None = None
    maximum_epochs: Annotated[float, Field(gt=0)] = 2.0
    held_out_share: Annotated[float, Field(gt=0, lt=1)] = 0.2  # of the briefs, with all their pairs
    batch_size: Positive = 4  # pairs a rank a micro-step
    accumulation_steps: Positive = 1


# What other jobs read of the section, and one that trains does not.
ALONE = {"pretraining": None, "landscape": None, "preferences": None}


class TrainingRecipe(Section):
    """What is trained, on what, for how long."""

    WHEN = frozenset({"retrain_after_ads"})
    APART = frozenset({"landscape"})

    base_model: str  # "embedded", "tiny-random", a hub id, a local folder or a .gguf file
    base_revision: str = "main"
    spread: str = "cpu"  # name of a file in deepspeed_configs/
    precision: Literal["bf16", "fp16", "fp32"] = "bf16"
    load_in: Load = "full"
    method: Literal["lora", "full"] = "lora"
    lora: LoraRecipe = LoraRecipe()
    learning_rate: Annotated[float, Field(gt=0)] = 5e-4
    schedule: Literal["linear", "cosine"] = "linear"  # how the rate falls to nothing after the warm-up
    warmup_share: Share = 0.03
    gradient_clipping: Annotated[float, Field(gt=0)] = 1.0  # largest norm of a step's gradient
    maximum_steps: Annotated[int, Field(gt=0)] = 10_000
    maximum_minutes: Annotated[float, Field(gt=0)] | None = None  # the schedule falls with the time used
    maximum_epochs: Annotated[float, Field(gt=0)] = 1.0
    batch_size: Positive = 8  # rows a rank a micro-step
    accumulation_steps: Positive = 1
    maximum_tokens: Positive = 420  # a row; longer rows are left out, counted
    packing: bool = False  # rows side by side instead of padded; none sees another
    activation_checkpointing: bool = False  # half the memory or less, a third more work
    loss_tokens: Positive | None = None  # positions whose logits are computed at once; None: all of a batch
    new_rows_share: Annotated[float, Field(ge=0, lt=1)] = (
        0.0  # of the run: first the new pieces' rows alone learn
    )
    evaluate_rows: Positive = 64  # validation rows for the loss
    sample_rows: Annotated[int, Field(ge=0)] = 2  # validation prompts answered at each validation, to be read
    evaluate_steps: Positive | None = None  # validate each so many steps; None: before and after
    patience: Positive | None = (
        None  # stop after so many validations without fewer bits per byte; keep the best
    )
    checkpoint_steps: Positive = 50
    seed: int = 7
    retrain_after_ads: Positive | None = (
        None  # ads for training that the model has not seen; None: by hand or weekly
    )
    pretraining: PretrainingRecipe | None = None  # training/pretrained is made where it is given
    landscape: LandscapeRecipe | None = None  # training/landscape is made where it is given
    preferences: PreferencesRecipe | None = None  # training/preferred_adapter is made where it is given

    @model_validator(mode="after")
    def _can_work(self) -> "TrainingRecipe":
        problems = [reason for is_wrong, reason in self._conflicts() if is_wrong]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _conflicts(self) -> list[tuple[bool, str]]:
        """What excludes each other, and why."""
        is_quantised = self.load_in != "full"
        methods = {self.method, self.pretraining.method if self.pretraining else self.method}
        shares_out_weights = self.spread.startswith("zero3")
        return [
            (
                is_quantised and "full" in methods,
                f"method full does not go with load_in {self.load_in}: quantised weights get no gradients",
            ),
            (
                is_quantised and shares_out_weights,
                f"load_in {self.load_in} does not go with {self.spread}: DeepSpeed does not share out quantised "
                "weights, silently; choose zero2, or load_in: full",
            ),
            (
                self.precision == "fp16" and self.spread == "cpu",
                "precision fp16 does not go with spread cpu: DeepSpeed has no fp16 there; choose bf16 or fp32",
            ),
            (
                shares_out_weights and self.method == "lora" and self.new_rows_share > 0,
                f"new_rows_share does not go with lora under {self.spread}: peft cannot train single rows that ZeRO-3 "
                "has cut up; choose zero2, or method: full",
            ),
            (
                shares_out_weights
                and self.pretraining is not None
                and self.pretraining.method == "lora"
                and self.pretraining.new_rows_share > 0,
                f"pretraining.new_rows_share does not go with lora under {self.spread}: peft cannot train single rows "
                "that ZeRO-3 has cut up; choose zero2, or pretraining.method: full",
            ),
            (
                self.patience is not None and self.evaluate_steps is None,
                "patience counts validations: set evaluate_steps",
            ),
        ]

    def for_pretraining(self) -> "TrainingRecipe":
        """The section as the job of continued pre-training reads it."""
        assert self.pretraining is not None
        own = self.pretraining.model_dump(exclude={"column", "english_share", "row_tokens"})
        values = {**self.model_dump(), **own, "maximum_tokens": self.pretraining.row_tokens}
        return TrainingRecipe.model_validate({**values, "packing": True, **ALONE})

    def for_fine_tuning(self) -> "TrainingRecipe":
        """The section as the job of fine-tuning reads it: what pre-training does is known by its result."""
        return self.model_copy(update=ALONE)

    def for_preferences(self) -> "TrainingRecipe":
        """The section as the job of preference tuning reads it: pairs are never packed, and all rows learn at once."""
        assert self.preferences is not None
        own = self.preferences.model_dump(
            exclude={"minimum", "beta", "label_smoothing", "sft_weight", "held_out_share"}
        )
        alone = {**ALONE, "packing": False, "new_rows_share": 0.0, "preferences": self.preferences}
        return TrainingRecipe.model_validate({**self.model_dump(), **own, **alone})
