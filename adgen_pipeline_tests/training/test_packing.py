"""Packed rows: the loss and the gradients of rows apart, and nothing seen across examples, on the path that trains."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training import packing
from adgen_pipeline.training.batches import collate, collate_packed, pack_epoch, plan_epoch
from adgen_pipeline.training.network import TargetLoss
from adgen_pipeline.training.shards import IGNORED
from adgen_pipeline_tests.training.architectures import ARCHITECTURES, write_checkpoint

CPU = torch.device("cpu")


def rows(vocabulary: int, lengths: tuple[int, ...] = (40, 7, 55, 21, 90)) -> Dataset:
    """Random rows; the first third of each is given, the rest is learned."""
    draw = torch.Generator().manual_seed(5)
    made = []
    for number, length in enumerate(lengths):
        ids = torch.randint(10, vocabulary, (length,), generator=draw).tolist()
        labels = [IGNORED] * (length // 3) + ids[length // 3 :]
        made.append({"row_id": f"1/{number}", "input_ids": ids, "labels": labels, "target_bytes": length})
    return Dataset.from_list(made)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Networks that were asked for, by name, in fp32 as training loads them."""
    return {"folder": tmp_path_factory.mktemp("packing")}


def network(networks: dict[str, Any], name: str, attention: str = "sdpa") -> tuple[TargetLoss, int]:
    key = f"{name} {attention}"
    if key not in networks:
        folder: Path = write_checkpoint(name, networks["folder"] / key / "checkpoint")
        networks[key] = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="sdpa"
        )
        if attention == packing.ONE_BY_ONE:
            packing.attend_one_by_one(networks[key])
    loaded = networks[key]
    return TargetLoss(loaded), loaded.get_input_embeddings().weight.shape[0]


ATTENTIONS = ("sdpa", packing.ONE_BY_ONE)
KINDS = [
    name if name in ("llama", "gemma3", "falcon") else pytest.param(name, marks=pytest.mark.slow)
    for name in ARCHITECTURES
    if name != "gemma3-vision"  # its language part alone is trained
]


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("name", KINDS)
def test_packed_loss_and_gradients_are_those_of_rows_apart(
    networks: dict[str, Any], name: str, attention: str
) -> None:
    target_loss, vocabulary = network(networks, name, attention)
    examples = rows(vocabulary)
    results = []
    for batches in (
        [collate_packed(examples, [[0, 1, 2], [3, 4]], pad_id=0)],
        [collate(examples, [number], pad_id=0) for number in range(5)],
    ):
        target_loss.zero_grad()
        losses, counts = zip(*(target_loss(**batch.to(CPU)) for batch in batches), strict=True)
        sum(losses).backward()
        gradient = torch.cat([p.grad.flatten() for p in target_loss.parameters() if p.grad is not None])
        results.append((float(sum(losses).detach()), int(sum(counts)), gradient.clone()))
    (packed, packed_count, packed_gradient), (apart, apart_count, gradient) = results
    assert packed_count == apart_count
    assert packed == pytest.approx(apart, rel=1e-5)
    torch.testing.assert_close(packed_gradient, gradient, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("name", KINDS)
def test_no_example_sees_another_one(networks: dict[str, Any], name: str, attention: str) -> None:
    target_loss, vocabulary = network(networks, name, attention)
    examples = rows(vocabulary)
    batch = collate_packed(examples, [[0, 2, 3]], pad_id=0)
    assert batch.position_ids is not None
    other = batch.input_ids.clone()
    other[0, :40] = 11  # the first example becomes another one
    decoder = target_loss.network.get_decoder()
    with torch.no_grad():
        states = [
            decoder(
                input_ids=ids, **packing.places(target_loss.network, batch.position_ids), use_cache=False
            ).last_hidden_state
            for ids in (batch.input_ids, other)
        ]
    torch.testing.assert_close(states[0][:, 40:], states[1][:, 40:])
    assert not torch.allclose(states[0][:, :40], states[1][:, :40])


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("name", KINDS)
def test_a_network_that_keeps_examples_apart_may_be_trained_packed(
    networks: dict[str, Any], name: str, attention: str
) -> None:
    packing.refuse_if_examples_see_each_other(network(networks, name, attention)[0].network)


def test_a_network_whose_examples_see_each_other_is_refused(
    networks: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    falcon = network(networks, "falcon")[0].network
    monkeypatch.setattr(packing, "MASKED", frozenset())
    with pytest.raises(TrainingError, match=r"FalconForCausalLM lets examples .* Set packing to false"):
        packing.refuse_if_examples_see_each_other(falcon)


def test_a_mask_shows_each_position_the_earlier_ones_of_its_example() -> None:
    mask = packing.mask_apart(torch.tensor([[0, 1, 0, 1, 2]]))[0, 0]
    assert mask.int().tolist() == [
        [1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 1],
    ]  # fmt: skip


def test_chunks_of_the_loss_change_neither_loss_nor_gradients(networks: dict[str, Any]) -> None:
    whole, vocabulary = network(networks, "gemma3")
    chunked = TargetLoss(whole.network, loss_tokens=16)
    batch = collate(rows(vocabulary), [0, 2, 4], pad_id=0).to(CPU)
    results = []
    for target_loss in (whole, chunked):
        target_loss.zero_grad()
        loss, _ = target_loss(**batch)
        loss.backward()
        results.append(
            (loss.detach(), [p.grad.clone() for p in target_loss.parameters() if p.grad is not None])
        )
    torch.testing.assert_close(results[0][0], results[1][0])
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-4, atol=1e-5)


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=120),
    batch_size=st.integers(1, 4),
    multiple=st.integers(1, 4),
    seed=st.integers(0, 3),
)
def test_every_example_is_packed_once_and_no_row_is_too_long(
    lengths: list[int], batch_size: int, multiple: int, seed: int
) -> None:
    plans = [
        pack_epoch(lengths, capacity=60, batch_size=batch_size, multiple=multiple, seed=seed, epoch=epoch)
        for epoch in (0, 1)
    ]
    assert len(plans[0]) == len(plans[1]), "each epoch has as many steps"
    assert len(plans[0]) % multiple == 0
    packs = {tuple(pack) for batch in plans[0] for pack in batch}
    assert Counter(number for pack in packs for number in pack) == Counter(range(len(lengths)))
    assert all(sum(lengths[number] for number in pack) <= 60 for pack in packs)


def test_packing_wastes_less_than_padding() -> None:
    # Lengths spread as those of shops' posts with their briefs: most short, few long.
    lengths = [60 + (n * n * 37) % 360 if n % 3 else 60 + n % 90 for n in range(600)]
    padded = plan_epoch(lengths, batch_size=8, multiple=1, seed=7, epoch=0)
    unsorted = [list(range(start, min(start + 8, 600))) for start in range(0, 600, 8)]
    packed = pack_epoch(lengths, capacity=840, batch_size=4, multiple=1, seed=7, epoch=0)

    def waste(places: int) -> float:
        return 1 - sum(lengths) / places

    by_order = waste(sum(max(lengths[r] for r in b) * len(b) for b in unsorted))
    by_length = waste(sum(max(lengths[r] for r in b) * len(b) for b in padded))
    together = waste(sum(max(sum(lengths[r] for r in pack) for pack in b) * len(b) for b in packed))
    assert together < 0.03
    assert by_length < by_order
    assert by_order > 0.2


def test_an_example_inside_a_row_is_not_foretold_from_the_one_before() -> None:
    examples = Dataset.from_list(
        [
            {"row_id": "1/1", "input_ids": [5, 6], "labels": [5, 6], "target_bytes": 2},
            {"row_id": "1/2", "input_ids": [7, 8, 9], "labels": [7, 8, 9], "target_bytes": 3},
        ]
    )
    batch = collate_packed(examples, [[0, 1], [1]], pad_id=0)
    assert batch.input_ids.tolist() == [[5, 6, 7, 8, 9], [7, 8, 9, 0, 0]]
    assert batch.labels.tolist() == [[-100, 6, -100, 8, 9], [-100, 8, 9, -100, -100]]
    assert batch.position_ids is not None
    assert batch.position_ids.tolist() == [[0, 1, 0, 1, 2], [0, 1, 2, 0, 1]]
    assert (batch.tokens, batch.attention_mask, batch.row_ids) == (8, None, ("1/1", "1/2", "1/2"))
