"""A language model that writes: batched sampling with a key-value cache, and bits per byte of texts.

Models are read from folders with safetensors; code that comes with a model is never run.
"""

import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.generation.sampling import REPEATED_PIECES, Pieces, Rules, draw, penalise_repeats

Conversation = Sequence[dict[str, str]]

_TURN_ENDS = ("<end_of_turn>", "<|im_end|>", "<|end_of_turn|>", "<|eot_id|>")
_SCORED_LOGITS = 1 << 26  # logits held at once when texts are scored: 256 MB in fp32
_PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


class TextModel:
    """A causal language model with its tokenizer and chat template.

    Usage::

        model = TextModel(artifact.path)
        answers = model.generate([messages], samples=4, temperature=0.7, top_p=0.9, repetition_penalty=1.1,
                                 maximum_new_tokens=260, seed=7)
    """

    def __init__(
        self,
        path: Path,
        *,
        load_in: Literal["full", "4bit", "8bit"] = "full",
        precision: Literal["bf16", "fp16", "fp32"] = "bf16",
        device: str | None = None,
        give_way: Callable[[], None] | None = None,
    ) -> None:
        """Load a model.

        Args:
            path: folder with config.json, safetensors, tokenizer and chat template.
            load_in: 4bit (NF4) or 8bit quantise while loading.
            precision: of weights and arithmetic.
            device: None for the GPU if there is one.
            give_way: called before each piece is drawn; may wait for what cannot.

        Raises:
            ArtifactError: the folder does not hold such a model, or it has no chat template.
        """
        if not (path / "config.json").is_file():
            raise ArtifactError(
                f"{path}: no model is there (config.json is missing). Materialise training/model."
            )
        self._give_way = give_way or _at_once
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        options: dict[str, Any] = {"dtype": _PRECISIONS[precision]}
        if load_in != "full":
            quantise: Any = BitsAndBytesConfig
            options["quantization_config"] = quantise(
                load_in_4bit=load_in == "4bit",
                load_in_8bit=load_in == "8bit",
                bnb_4bit_quant_type="nf4",
                bnb_4bit_compute_dtype=_PRECISIONS[precision],
            )
            options["device_map"] = {"": self.device}
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(
                path, local_files_only=True, trust_remote_code=False
            )
            network: Any = AutoModelForCausalLM.from_pretrained(
                path, local_files_only=True, trust_remote_code=False, use_safetensors=True, **options
            )
        except (OSError, ValueError) as error:
            raise ArtifactError(
                f"{path}: the model cannot be loaded ({error}). Materialise it again."
            ) from error
        if load_in == "full":
            network.to(self.device)
        self._model: Any = network.eval()
        if self.tokenizer.chat_template is None:
            raise ArtifactError(
                f"{path}: the tokenizer has no chat template. Materialise the tokenizer again."
            )
        self._ends = self._end_ids()
        self._pieces = Pieces(self.tokenizer, self._model.get_output_embeddings().weight.shape[0], self._ends)

    @property
    def slots(self) -> frozenset[str]:
        """Slots that are single pieces of the vocabulary."""
        return frozenset(self._pieces.slots)

    def count_tokens(self, conversation: Conversation) -> int:
        """Tokens of a prompt, the opening of the answer included."""
        return len(self._prompt(conversation))

    @torch.inference_mode()
    def generate(
        self,
        conversations: Sequence[Conversation],
        *,
        samples: int,
        temperature: float,
        top_p: float,
        repetition_penalty: float,
        maximum_new_tokens: int,
        seed: int,
        allowed_slots: Sequence[Collection[str]] | None = None,
    ) -> list[list[str]]:
        """Answers to each conversation, drawn in one batch; prompts are read once, not once a sample.

        Args:
            conversations: messages up to the user's turn.
            samples: answers to each.
            temperature: sharpens (< 1) or flattens the distribution.
            top_p: of the likeliest pieces whose probabilities reach it is drawn.
            repetition_penalty: on pieces that the answer holds already; slots are limited by count instead.
            maximum_new_tokens: an answer that is longer is cut there.
            seed: the same seed, prompts and numbers give the same answers.
            allowed_slots: for each conversation the slots that its answers may hold; digits, addresses and Latin
                letters that its messages do not hold are then not drawn at all, and a line that comes again ends an
                answer. None lets the model write anything.

        Returns:
            For each conversation its answers, slots and all, without control pieces.
        """
        if not conversations:
            return []
        rows = len(conversations) * samples
        output, mask = self._read_prompts([self._prompt(c) for c in conversations])
        cache = output.past_key_values
        cache.batch_repeat_interleave(samples)
        mask = mask.repeat_interleave(samples, dim=0)
        logits = output.logits[:, -1].repeat_interleave(samples, dim=0)  # (rows, vocabulary)
        allowed = torch.stack(
            [
                self._pieces.allowed(None if allowed_slots is None else allowed_slots[i], said=self._said(c))
                for i, c in enumerate(conversations)
            ]
        ).repeat_interleave(samples, dim=0)
        rules = self._pieces.rules(None if allowed_slots is None else ())
        state = _Answers(rows, seed, allowed.to(self.device), rules, self._ends)
        while True:
            self._give_way()
            pieces = state.draw(logits, temperature=temperature, top_p=top_p, penalty=repetition_penalty)
            remaining = state.take(pieces, maximum_new_tokens)
            if not state.active:
                break
            if remaining is not None:  # rows that ended leave the batch
                cache.batch_select_indices(remaining)
                mask, pieces = mask[remaining], pieces[remaining]
            mask = torch.cat([mask, mask.new_ones(mask.shape[0], 1)], dim=1)
            positions = mask.sum(dim=1, keepdim=True) - 1
            logits = self._model(
                input_ids=pieces[:, None],
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
            ).logits[:, -1]
        texts = [self._text(ids) for ids in state.written]
        return [texts[start : start + samples] for start in range(0, rows, samples)]

    @torch.inference_mode()
    def bits_per_byte(self, texts: Sequence[str]) -> list[float]:
        """Bits that the model needs for each byte (UTF-8) of each text; lower means that it reads more fluently.

        Slots are context and count neither as bits nor as bytes, so that models which know them and models which
        do not can be compared. NaN for a text of slots alone or of nothing.
        """
        slot_ids = set(self._pieces.slots.values())
        start = self.tokenizer.bos_token_id
        start = self.tokenizer.eos_token_id if start is None else start
        encoded = [[start, *self.tokenizer(text, add_special_tokens=False).input_ids] for text in texts]
        bits = [math.nan] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        vocabulary = self._pieces.writable.shape[0]
        while order:
            longest = len(encoded[order[-1]])
            count = max(1, _SCORED_LOGITS // (longest * vocabulary))
            batch, order = order[-count:], order[:-count]
            width = max(len(encoded[i]) for i in batch)
            ids = torch.zeros(len(batch), width, dtype=torch.long)
            mask = torch.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : len(encoded[i])] = torch.tensor(encoded[i])
                mask[row, : len(encoded[i])] = 1
            logits = self._model(input_ids=ids.to(self.device), attention_mask=mask.to(self.device)).logits
            losses = torch.nn.functional.cross_entropy(
                logits[:, :-1].float().transpose(1, 2), ids[:, 1:].to(self.device), reduction="none"
            ).cpu()  # (batch, width - 1), nats
            for row, i in enumerate(batch):
                counted = [p for p, piece in enumerate(encoded[i][1:]) if piece not in slot_ids]
                kept = [piece for piece in encoded[i][1:] if piece not in slot_ids]
                size = (
                    len(str(self.tokenizer.decode(kept, skip_special_tokens=False)).encode()) if kept else 0
                )
                if size:
                    bits[i] = float(losses[row, counted].sum()) / math.log(2) / size
        return bits

    def _prompt(self, conversation: Conversation) -> list[int]:
        ids = self.tokenizer.apply_chat_template(
            list(conversation), add_generation_prompt=True, tokenize=True, return_dict=False
        )
        return list(ids)

    def _said(self, conversation: Conversation) -> list[int]:
        """Pieces of what a conversation says, without those of the template around it."""
        content = [message["content"] for message in conversation]
        return list(self.tokenizer("\n".join(content), add_special_tokens=False).input_ids)

    def _read_prompts(self, prompts: Sequence[list[int]]) -> tuple[Any, torch.Tensor]:
        """The model's output on left-padded prompts, and the attention mask (batch, width)."""
        width = max(len(prompt) for prompt in prompts)
        padding = self.tokenizer.pad_token_id or 0
        ids = torch.tensor([[padding] * (width - len(p)) + p for p in prompts], device=self.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=self.device)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        output = self._model(
            input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1
        )
        return output, mask

    def _end_ids(self) -> frozenset[int]:
        """Pieces that end an answer."""
        vocabulary = self.tokenizer.get_vocab()
        ends = {vocabulary[piece] for piece in _TURN_ENDS if piece in vocabulary}
        configured = self._model.generation_config.eos_token_id
        ends.update(configured if isinstance(configured, list) else [configured])
        ends.add(self.tokenizer.eos_token_id)
        return frozenset(number for number in ends if number is not None)

    def _text(self, ids: Sequence[int]) -> str:
        """Pieces as text: slots stay, control pieces go."""
        slot_ids = set(self._pieces.slots.values())
        special = set(self.tokenizer.all_special_ids)
        kept = [number for number in ids if number in slot_ids or number not in special]
        return str(self.tokenizer.decode(kept, skip_special_tokens=False)).strip()


def _at_once() -> None:
    """Where nobody else needs the machine."""


class _Answers:
    """The answers while they are drawn: what each holds, and which are not finished."""

    def __init__(
        self, rows: int, seed: int, allowed: torch.Tensor, rules: Rules, ends: Collection[int]
    ) -> None:
        self.written: list[list[int]] = [[] for _ in range(rows)]
        self.active = list(range(rows))
        self._generators = [torch.Generator().manual_seed(seed * 1_000_003 + row) for row in range(rows)]
        self._allowed = allowed.clone()  # (rows, vocabulary)
        self._seen = torch.zeros_like(allowed)
        self._rules = rules
        self._ends = frozenset(ends)
        self._end_ids = torch.tensor(sorted(self._ends), device=allowed.device)
        self._words = [0] * rows
        self._lines: list[set[tuple[int, ...]]] = [set() for _ in range(rows)]
        self._line_starts = [0] * rows

    def draw(self, logits: torch.Tensor, *, temperature: float, top_p: float, penalty: float) -> torch.Tensor:
        """The next piece of each active answer (active,)."""
        if not torch.isfinite(logits).all():
            raise ArtifactError(
                "the model's output is not finite. Train it again with a lower learning rate."
            )
        logits = penalise_repeats(logits.float(), self._seen[self.active], penalty)
        logits = logits.masked_fill(~self._allowed[self.active], -math.inf)
        short = [
            place for place, row in enumerate(self.active) if self._words[row] < self._rules.minimum_words
        ]
        if short:
            logits[torch.tensor(short, device=logits.device)[:, None], self._end_ids] = -math.inf
        generators = [self._generators[row] for row in self.active]
        return draw(logits, generators, temperature=temperature, top_p=top_p)

    def take(self, pieces: torch.Tensor, maximum: int) -> torch.Tensor | None:
        """Add a piece to each active answer; places of the rows that go on, or None if all do."""
        places = []
        for place, (row, piece) in enumerate(zip(self.active, pieces.tolist(), strict=True)):
            if piece in self._ends:
                continue
            self.written[row].append(piece)
            self._words[row] += bool(self._rules.words[piece])
            if piece in self._rules.limits:
                if self.written[row].count(piece) >= self._rules.limits[piece]:
                    self._allowed[row, piece] = False
            else:
                self._seen[row, piece] = True
            if len(self.written[row]) < maximum and not self._goes_round(row, piece):
                places.append(place)
        if len(places) == len(self.active):
            return None
        self.active = [self.active[place] for place in places]
        return torch.tensor(places, dtype=torch.long, device=pieces.device)

    def _goes_round(self, row: int, piece: int) -> bool:
        """Whether a piece ended a line that the answer has already: the line is taken back, and nothing follows.

        A small model that has said everything often begins again, until its tokens are used up.
        """
        if piece not in self._rules.line_ends:
            return False
        written, start = self.written[row], self._line_starts[row]
        line = tuple(number for number in written[start:] if number not in self._rules.line_ends)
        if len(line) >= REPEATED_PIECES and line in self._lines[row]:
            del written[start:]
            return True
        self._lines[row].add(line)
        self._line_starts[row] = len(written)
        return False
