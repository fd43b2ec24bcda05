import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rlnotes.bridges.model_loading import load
from rlnotes.bridges.page_prompts import answer_text, prompt_of
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.tiny_model import END_TOKEN, PAD_TOKEN, PIECES, save_tiny_model
from rlnotes.data.invoices.sampling import sample_invoices

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def tiny(tiny_folder):
    return load(tiny_folder)


SMALL = {"width": 8, "num_layers": 1, "num_heads": 2, "vocabulary": 300, "num_positions": 64}


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("small"), **SMALL)


def test_the_same_seed_gives_the_same_bytes(small_folder, tmp_path):
    again = save_tiny_model(tmp_path, **SMALL)
    names = sorted(path.name for path in small_folder.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    for name in names:
        assert (again / name).read_bytes() == (small_folder / name).read_bytes(), name


def test_from_the_seed_come_weights_and_documents(small_folder, tmp_path):
    other = save_tiny_model(tmp_path, seed=1, **SMALL)
    first, second = (load_file(folder / WEIGHTS) for folder in (small_folder, other))
    # One of the blocks, drawn, and one of the ends, fitted to documents.
    for name in ("model.layers.0.mlp.up_proj.weight", "lm_head.weight"):
        assert not torch.equal(first[name], second[name])
    words = [(folder / "tokenizer.json").read_bytes() for folder in (small_folder, other)]
    assert words[0] != words[1]


def test_the_shape_is_that_asked_for(small_folder):
    small = load(small_folder)
    config = small.model.config
    assert (config.hidden_size, config.num_hidden_layers) == (8, 1)
    assert config.num_attention_heads == 2
    assert len(small.tokenizer) == 300
    assert small.num_positions == 64 == small.tokenizer.model_max_length


TEXTS = [
    "",
    "  two  blanks, and one at the end ",
    "\n\n\t\r\n x",
    "don't . , ; \"quoted\" {'a': 1}",
    "Größe 3,50 € 中文 \U0001f9fe\u2028\u00a0",
    "<eos></s><pad><|endoftext|>",
    *("".join(PIECES), "x".join(PIECES)),
    "".join(chr(code) for code in range(1, 128) if code != 3),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_survives_the_tokenizer_bit_for_bit(tiny, text):
    ids = tiny.tokenizer(text)["input_ids"]
    for skip in (True, False):
        assert tiny.tokenizer.decode(ids, skip_special_tokens=skip) == text
    assert not {tiny.tokenizer.eos_token_id, tiny.tokenizer.pad_token_id} & set(ids)


def test_prompts_and_answers_survive_and_do_not_grow_together(tiny):
    for document in sample_invoices(30, seed=9):
        prompt, answer = prompt_of(document), answer_text(document.target)
        prompt_ids, answer_ids = (tiny.tokenizer(text)["input_ids"] for text in (prompt, answer))
        assert tiny.tokenizer(prompt + answer)["input_ids"] == prompt_ids + answer_ids
        assert tiny.tokenizer.decode(prompt_ids + answer_ids) == prompt + answer
        ended = tiny.tokenizer(answer + END_TOKEN)["input_ids"]
        assert ended == [*answer_ids, tiny.tokenizer.eos_token_id]


def test_padding_is_not_the_end_and_the_model_knows_both(tiny):
    assert tiny.tokenizer.pad_token == PAD_TOKEN != tiny.tokenizer.eos_token == END_TOKEN
    config = tiny.model.config
    assert (config.pad_token_id, config.eos_token_id) == (
        tiny.tokenizer.pad_token_id,
        tiny.tokenizer.eos_token_id,
    )
    assert config.bos_token_id is None
    assert tiny.end_ids == {tiny.tokenizer.eos_token_id}


def test_every_token_has_a_row_and_weights_are_float32(tiny):
    # Pieces that are learned as tokens anyway are not counted twice.
    assert 1024 - len(PIECES) < len(tiny.tokenizer) == tiny.model.config.vocab_size <= 1024
    assert {weight.dtype for weight in tiny.model.parameters()} == {torch.float32}
    assert tiny.num_positions == 8192 == tiny.tokenizer.model_max_length


def test_about_most_answers_end_and_can_be_read_and_they_earn_different_rewards(tiny):
    documents = sample_invoices(8, seed=1, layouts=["receipt_till"])
    prompts = [prompt_of(document) for document in documents for _ in range(4)]
    batch = tiny.tokenizer(prompts, return_tensors="pt", padding=True)
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        written = tiny.model.generate(**batch, max_new_tokens=48, do_sample=True, top_k=0)
    ids = written[:, batch["input_ids"].shape[1] :].tolist()
    end = tiny.tokenizer.eos_token_id
    ids = [row[: row.index(end) + 1] if end in row else row for row in ids]
    texts = tiny.tokenizer.batch_decode(ids, skip_special_tokens=True)
    targets = [answer_text(document.target) for document in documents for _ in range(4)]
    rewards = np.array(InvoiceReward(end_ids=tiny.end_ids)(prompts, texts, ids, target=targets))
    assert np.mean([row[-1] == end for row in ids]) > 0.3
    assert np.mean(rewards > -0.1) > 0.3
    assert (rewards.reshape(8, 4).std(axis=1) > 0.01).mean() > 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 36}, "width must be a multiple of 2 \\* 4 heads, got 36"),
        ({"vocabulary": 299}, "vocabulary must be at least 300, got 299"),
        ({"num_layers": 0}, "num_layers must be a positive integer, got 0"),
        ({"num_heads": 0}, "num_heads must be a positive integer, got 0"),
        ({"num_positions": 0}, "num_positions must be a positive integer, got 0"),
        ({"width": 0}, "width must be a positive integer, got 0"),
        ({"vocabulary": 512.0}, "vocabulary must be a positive integer, got 512.0"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
    ],
)
def test_bad_shapes_are_refused_before_anything_is_written(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        save_tiny_model(tmp_path / "model", **change)
    assert not (tmp_path / "model").exists()
