from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.text.slots import vocabulary
from adgen_pipeline.training.batches import collate
from adgen_pipeline.training.network import TargetLoss, load_base, new_rows, with_adapter
from adgen_pipeline.training.shards import IGNORED
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests.training.samples import tiny_base

CPU = torch.device("cpu")
RECIPE = TrainingRecipe.model_validate(
    {"base_model": "tiny-random", "precision": "fp32", "lora": {"rank": 4, "alpha": 8}}
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("network"))


def batch(base: Path) -> dict[str, torch.Tensor]:
    from datasets import load_from_disk  # noqa: PLC0415

    rows = load_from_disk(str(base.parent / "shards" / "train"))
    return collate(rows, [0, 5, 9], pad_id=0).to(CPU)


def test_the_loss_is_that_of_the_whole_model_on_labelled_positions(base: Path) -> None:
    network = load_base(base, RECIPE, CPU)
    inputs = batch(base)
    loss, targets = TargetLoss(network)(**inputs)
    expected = network(**inputs, use_cache=False).loss
    assert int(targets) == int((inputs["labels"][:, 1:] != IGNORED).sum())
    torch.testing.assert_close(loss / targets, expected)


def test_padding_does_not_change_the_loss(base: Path) -> None:
    network = TargetLoss(load_base(base, RECIPE, CPU))
    inputs = batch(base)
    together = network(**inputs)[0]
    apart = []
    for row in range(3):
        length = int(inputs["attention_mask"][row].sum())
        apart.append(network(**{key: value[row : row + 1, :length] for key, value in inputs.items()})[0])
    torch.testing.assert_close(together, torch.stack(apart).sum())


def test_rows_of_slots_and_turn_ends_are_learned_and_no_others(base: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows = new_rows(base)
    assert set(tokenizer.convert_ids_to_tokens(rows)) == {*vocabulary(2), "<|im_start|>", "<|im_end|>"}
    network = with_adapter(load_base(base, RECIPE, CPU), RECIPE, rows)
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1.0)
    embed = network.get_base_model().get_input_embeddings()
    head = network.get_base_model().get_output_embeddings()
    everything = torch.arange(len(tokenizer))
    before = embed(everything).detach().clone()
    loss, _ = TargetLoss(network)(**batch(base))
    loss.backward()
    optimizer.step()
    changed = (embed(everything) != before).any(dim=1).nonzero().flatten().tolist()
    assert set(changed) <= set(rows)
    assert tokenizer.convert_tokens_to_ids("⟨price_1⟩") in changed
    identity = torch.eye(before.shape[1])
    torch.testing.assert_close(head(identity).T, embed(everything), msg="input and output share their rows")


def test_all_linear_layers_but_the_head_get_an_adapter(base: Path) -> None:
    network = with_adapter(load_base(base, RECIPE, CPU), RECIPE, new_rows(base))
    adapted = {
        name.split(".lora_A")[0].rsplit(".", 1)[-1]
        for name, _ in network.named_parameters()
        if "lora_A" in name
    }
    assert adapted == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_a_base_that_does_not_fit_its_tokenizer_is_refused(base: Path, tmp_path: Path) -> None:
    for file in base.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.add_tokens(["one-more"])
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ArtifactError, match="Materialise training/base again"):
        load_base(tmp_path, RECIPE, CPU)


def test_chunks_that_another_rank_needs_and_this_one_does_not_change_nothing(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = batch(base)
    found = []
    for chunks in (None, 40):
        if chunks is not None:
            monkeypatch.setattr(TargetLoss, "_chunks", lambda *_, chunks=chunks: chunks)
        network = load_base(base, RECIPE, CPU)
        loss, targets = TargetLoss(network, loss_tokens=16)(**inputs)
        assert int(targets) < 40 * 16, "the last chunks are empty"
        loss.backward()
        found.append((loss.detach(), network.get_output_embeddings().weight.grad))
    torch.testing.assert_close(found[0], found[1])
