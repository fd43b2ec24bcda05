"""Folders that load without an error and would train something else."""

import json
import shutil

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BertConfig,
    BertLMHeadModel,
    GPT2Config,
    GPT2LMHeadModel,
    Qwen2Config,
)

from rlnotes.bridges.model_loading import load


def changed(tiny_folder, folder, weights=lambda found: found, **settings):
    """A copy of the tiny model with other weights or another configuration."""
    shutil.copytree(tiny_folder, folder)
    path = folder / "model.safetensors"
    save_file(weights(load_file(path)), path, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | settings))
    return folder


def saved(model, tiny_folder, folder):
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_folder).save_pretrained(folder)
    return folder


def test_an_encoder_that_loads_as_a_causal_model_is_refused(tiny_folder, tmp_path):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes |= {"vocab_size": 1024, "intermediate_size": 16, "pad_token_id": 0}
    for is_decoder in (False, True):
        model = BertLMHeadModel(BertConfig(**sizes, is_decoder=is_decoder))
        folder = saved(model, tiny_folder, tmp_path / str(is_decoder))
        if is_decoder:
            load(folder)
        else:
            with pytest.raises(ValueError, match="must be causal, got one that reads ahead"):
                load(folder)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_model_with_tied_weights_and_no_pad_token_is_sound(tiny_folder, tmp_path, precision):
    config = GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=1024, n_positions=64)
    model = GPT2LMHeadModel(config)
    loaded = load(saved(model, tiny_folder, tmp_path / "gpt2"), precision=precision)
    assert loaded.model.lm_head.weight is loaded.model.transformer.wte.weight
    assert loaded.model.dtype == getattr(torch, precision)
    assert all(weight.grad is None for weight in loaded.model.parameters())


def test_weights_that_the_library_would_draw_are_asked_for(tiny_folder, tmp_path):
    def headless(found):
        return {name: weight for name, weight in found.items() if name != "lm_head.weight"}

    folder = changed(tiny_folder, tmp_path / "m", headless)
    with pytest.raises(ValueError, match=r"all its weights, got none for \['lm_head.weight'\]"):
        load(folder)
    # The same file is whole for a model whose two ends are one.
    load(changed(tiny_folder, tmp_path / "tied", headless, tie_word_embeddings=True))


def test_a_model_of_nan_is_refused(tiny_folder, tmp_path):
    def spoilt(found):
        found["lm_head.weight"][7] = torch.nan
        return found

    with pytest.raises(ValueError, match="must give numbers, got NaN"):
        load(changed(tiny_folder, tmp_path / "m", spoilt))


def test_a_tokenizer_of_more_tokens_than_the_model_has_is_refused(tiny_folder, tmp_path):
    def cut(found):
        ends = ("lm_head.weight", "model.embed_tokens.weight")
        return {n: weight[:300].clone() if n in ends else weight for n, weight in found.items()}

    with pytest.raises(ValueError, match=r"an embedding for each of the 10\d\d tokens .* got 300"):
        load(changed(tiny_folder, tmp_path / "m", cut, vocab_size=300))


def test_an_adapter_is_no_whole_model(tiny_folder, tmp_path):
    model = get_peft_model(load(tiny_folder).model, LoraConfig(r=2, target_modules="all-linear"))
    folder = saved(model, tiny_folder, tmp_path / "adapter")
    with pytest.raises(ValueError, match="must be a whole one, got an adapter"):
        load(folder)


@pytest.mark.parametrize("kind", [GPT2Config, Qwen2Config])
def test_a_folder_without_the_files_of_its_tokenizer(tmp_path, kind):
    # The library then makes one that turns every text into nothing.
    sizes = {"vocab_size": 300, "hidden_size": 8, "num_hidden_layers": 1}
    config = kind(**sizes, num_attention_heads=2, num_key_value_heads=2, intermediate_size=8)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="must have a tokenizer that knows words, got one of 1 "):
        load(tmp_path)
