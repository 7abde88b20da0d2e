"""What clients send: briefs as text or by fields, what to write for them, verdicts on ads."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from adgen_pipeline.app.keys import Role
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.comparisons import Choice
from adgen_pipeline.generation.formats import MAXIMUM_UNITS
from adgen_pipeline.generation.policy import Policy
from adgen_pipeline.text.brief import Brief

MAXIMUM_BRIEF_CHARS = 20_000
MAXIMUM_AD_CHARS = 8_192
MAXIMUM_ADS = 8
FILE_NAME = r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,119}$"  # a name, never a path or a hidden file
SAMPLE_BRIEF = "የቆዳ ጫማ፣ ዋጋ 2,500 ብር፣ ስልክ 0900 000 001፣ ቦሌ"
SAMPLE_FIELDS = {"product": "Leather shoes", "price": "2,500 ETB", "contact": "0900 000 001"}

Short = Annotated[str, Field(max_length=500)]


class BriefFields(BaseModel):
    """A brief by fields; all that is known, nothing that is not."""

    model_config = ConfigDict(extra="forbid")

    product: Short = ""
    description: Annotated[str, Field(max_length=5000)] = ""
    features: Annotated[list[Short], Field(max_length=30)] = []
    brand: Annotated[str, Field(max_length=200)] = ""
    price: Annotated[str, Field(max_length=200)] = ""
    offer: Short = ""
    terms: Short = ""
    contact: Short = ""
    location: Short = ""
    audience: Short = ""
    tone: Annotated[str, Field(max_length=200)] = ""
    advertiser: Annotated[str, Field(max_length=100)] = ""
    sensitive: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)] = Field(
        [], description="words of the document that advertising rules name; given back as they came"
    )

    def understood(self, policy: Policy | None = None) -> Brief:
        """The brief that these fields describe; it remembers the words that a policy names (None: our own rules).

        Raises:
            BriefError: they say too little.
        """
        values = self.model_dump(exclude={"sensitive"})
        metadata = {
            name: "\n".join(value) if isinstance(value, list) else value for name, value in values.items() if value
        }  # fmt: skip
        brief = understand("", source="request", metadata=metadata, policy=policy)
        sensitive = tuple(dict.fromkeys([*brief.sensitive, *self.sensitive]))
        return brief.model_copy(update={"sensitive": sensitive})

    @classmethod
    def of(cls, brief: Brief) -> "BriefFields":
        """The fields of a brief as understood: what a person may correct and send back."""
        values = brief.values()

        def filled(text: str) -> str:
            for slot, value in values.items():
                text = text.replace(slot, value)
            return text

        def facts(*kinds: str) -> str:
            return "; ".join(fact.text for kind in kinds for fact in brief.of_kind(kind))

        words = "\n".join([brief.product, brief.description, *brief.features])
        elsewhere = [
            fact.text
            for fact in brief.facts
            if fact.kind in ("percent", "date", "time", "quantity", "hashtag") and fact.slot not in words
        ]
        return cls(
            product=filled(brief.product)[:500],
            description=filled(brief.description)[:5000],
            features=[filled(feature)[:500] for feature in brief.features],
            brand=facts("brand")[:200],
            price=facts("price")[:200],
            offer="; ".join(elsewhere)[:500],
            terms=facts("term")[:500],
            contact=facts("phone", "handle", "url", "email")[:500],
            location=facts("location")[:500],
            audience=brief.audience[:500],
            tone=brief.tone[:200],
            advertiser=brief.advertiser or "",
            sensitive=[words[:200] for words in brief.sensitive],
        )


class BriefRequest(BaseModel):
    """A brief to understand."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"brief": SAMPLE_BRIEF}]})

    brief: Annotated[str, Field(min_length=1, max_length=MAXIMUM_BRIEF_CHARS)] | BriefFields
    file_name: Annotated[str, Field(pattern=FILE_NAME)] | None = Field(
        None,
        description="of a brief that was a file; .yaml, .yml and .json are read as such, all else as text",
    )

    def understood(self, policy: Policy | None = None) -> Brief:
        """The brief as understood; it remembers the words that a policy names (None: our own rules).

        Raises:
            BriefError: it says too little.
        """
        if isinstance(self.brief, str):
            return understand(self.brief, source=self.file_name or "request", policy=policy)
        return self.brief.understood(policy)


def _known_format(name: str) -> str:
    if name not in MAXIMUM_UNITS:
        raise ValueError(f"formats are {', '.join(MAXIMUM_UNITS)}")
    return name


Format = Annotated[str, AfterValidator(_known_format), Field(json_schema_extra={"enum": list(MAXIMUM_UNITS)})]


_ADS_EXAMPLES: list[JsonValue] = [
    {"brief": SAMPLE_BRIEF, "n": 2},
    {"brief": {**SAMPLE_FIELDS}, "channel_id": 1000000001, "n": 1, "format": "post"},
]


class AdsRequest(BriefRequest):
    """A brief, and what to write for it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _ADS_EXAMPLES})

    channel_id: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = Field(
        None, description="the channel to write for; the best fitting one if null"
    )
    n: Annotated[int, Field(ge=1, le=MAXIMUM_ADS)] = 1
    format: Format = "post"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7


def _two_different(models: list[str]) -> list[str]:
    if len(set(models)) < 2:
        raise ValueError("a model is not compared with itself: name two")
    return models


ModelName = Annotated[str, Field(min_length=1, max_length=200)]


class ComparisonRequest(BriefRequest):
    """A brief, and two models that each write an ad for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"brief": SAMPLE_BRIEF, "models": ["champion", "template"]}]},
    )

    models: Annotated[list[ModelName], Field(min_length=2, max_length=2), AfterValidator(_two_different)] = (
        Field(description="versions or titles from GET /v1/models, such as champion and template")
    )
    channel_id: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = Field(
        None, description="the channel to write for; the best fitting one if null"
    )
    format: Format = "post"
    seed: Annotated[int, Field(ge=0, lt=2**31, description="of writing; that of the order is drawn")] = 7


class VoteRequest(BaseModel):
    """Which of two ads is better."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"choice": "first"}, {"choice": "neither"}]}
    )

    choice: Choice
    role: Role | None = Field(None, description="of who votes; that of the key if null")


class AdviceRequest(BriefRequest):
    """A brief that channels are ranked for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"brief": SAMPLE_BRIEF, "k": 3}]}
    )

    k: Annotated[int, Field(ge=1, le=100, description="channels at most")] = 5
    language: Annotated[Literal["en", "am"], Field(description="of the reasons")] = "en"


class TextRequest(BaseModel):
    """An edited ad, to be checked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "የቆዳ ጫማ 2,500 ብር ብቻ"}]}
    )

    text: Annotated[str, Field(max_length=MAXIMUM_AD_CHARS)]


class FeedbackRequest(BaseModel):
    """What somebody did with an ad."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"verdict": "accept"},
                {"verdict": "edit", "text": "የቆዳ ጫማ 2,500 ብር ብቻ። ይደውሉ 0900 000 001"},
                {"verdict": "reject", "reason": "too long"},
            ]
        },
    )

    verdict: Literal["accept", "edit", "reject"]
    text: Annotated[str, Field(min_length=1, max_length=MAXIMUM_AD_CHARS)] | None = Field(
        None, description="the ad as it should be; with edit"
    )
    reason: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        None, description="why; needed with reject"
    )

    @model_validator(mode="after")
    def _says_what_its_verdict_needs(self) -> "FeedbackRequest":
        if self.verdict == "edit" and not (self.text or "").strip():
            raise ValueError("edit needs the edited text")
        if self.verdict != "edit" and self.text is not None:
            raise ValueError("only edit takes a text")
        if self.verdict == "reject" and not (self.reason or "").strip():
            raise ValueError("reject needs a reason")
        return self


def upload_body() -> dict[str, Any]:
    """The request body of POST /v1/briefs for OpenAPI: JSON, or a form with a file."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/BriefRequest"}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {
                                "type": "string",
                                "format": "binary",
                                "description": "a brief as .md, .txt, .yaml, .json, .pdf or .docx",
                            }
                        },
                    }
                },
            },
        }
    }
