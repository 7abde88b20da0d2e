import json

import pytest
import torch
from click.testing import CliRunner

from adgen_pipeline.training.planner import GIB
from benchmarks.gpu import CASES, ROW_TOKENS, configuration, main, planned


def test_without_a_gpu_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = CliRunner().invoke(main, ["--json"])
    assert result.exit_code == 0, result.output
    needs = json.loads(result.output)
    assert "none here" in needs.pop("gpu")
    assert needs.keys() == CASES.keys()
    for need in needs.values():
        gib = int(need["gpu"].partition("GPU of ")[2].split()[0])
        assert need["memory_by_plan_gib"] < gib


def test_a_gpu_that_is_too_small_is_told_in_words() -> None:
    case = CASES["full"]
    said = planned(case, configuration(case, is_small=False), 16.0, ROW_TOKENS, 1)
    assert isinstance(said, str)
    assert "GiB" in said


def test_no_more_rows_at_once_than_asked_for_and_their_memory_alone() -> None:
    case = CASES["lora"]
    config = configuration(case, is_small=False)
    one, two = (planned(case, config, 80.0, ROW_TOKENS, rows) for rows in (1, 2))
    assert not isinstance(one, str)
    assert not isinstance(two, str)
    assert (one.micro_batch, two.micro_batch) == (1, 2)
    assert (
        GIB
        < two.memory.gpu - one.memory.gpu
        == two.memory.activations + two.memory.logits - (one.memory.activations + one.memory.logits)
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_case_trains_a_tiny_network_here() -> None:
    result = CliRunner().invoke(main, ["--small", "--steps", "3", "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout.splitlines()[-1])
    for name, case in CASES.items():
        assert figures[name]["tokens_per_second"] > 0, case
        assert figures[name]["padding_share"] < 0.1
    assert "4N" in figures["qlora"]["formula"]
    assert "6N" in figures["full"]["formula"]
