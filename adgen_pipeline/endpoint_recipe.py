"""What a recipe says of a model behind an address; a module of its own so that `recipe` stays readable."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]


class EndpointRecipe(BaseModel):
    """A model behind an OpenAI-compatible address; its key stands in the environment and never in a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[
        str, Field(pattern=r"^https?://[^\s]+$")
    ]  # up to /v1: what /chat/completions is appended to
    model: str
    key_variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = (
        None  # names the variable with the key
    )
    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0  # of each try
    tries: Positive = 4
    maximum_prompt_tokens: Positive = 3_000
    limit_field: Literal["max_tokens", "max_completion_tokens"] = (
        "max_tokens"  # newer models of OpenAI: the second
    )
    prompt_usd_per_million: Annotated[float, Field(ge=0)] = 0.0  # prices a million tokens, to count the cost
    answer_usd_per_million: Annotated[float, Field(ge=0)] = 0.0
    maximum_usd: Annotated[float, Field(gt=0)] | None = None  # of one process; nothing is asked beyond it
