"""Whether an ad keeps the advertising rules that its brief keeps."""

from adgen_pipeline.evaluation.metrics import Answer, Case, Metric
from adgen_pipeline.generation import policy
from adgen_pipeline.text.brief import brief_text


def policy_kept(case: Case, answer: Answer) -> float:
    """1 for an ad that breaks no rule beyond those that its brief breaks already, else 0."""
    of_brief = policy.judge("\n".join([brief_text(case.brief), *case.brief.sensitive]))
    return float(set(policy.judge(answer.text).rules) <= set(of_brief.rules))


OBEDIENCE = (
    Metric(
        "policy_kept",
        "Rules kept",
        "ads that break no advertising rule which their brief does not",
        is_higher_better=True,
        is_share=True,
        measure=policy_kept,
    ),
)
