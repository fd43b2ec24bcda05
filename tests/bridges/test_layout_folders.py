"""Folders of LayoutLMv3 models: what is loaded from them, and what is refused."""

import json
import logging
import shutil

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from rlnotes.bridges.layout_folders import load_layout_tagger
from rlnotes.bridges.layout_tagger import usable_positions
from rlnotes.bridges.tiny_layout_model import save_tiny_layout_model
from rlnotes.training.invoices.batches import join_pages
from tests.bridges.layout_pages import document, letters_tokenizer


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    save_tiny_layout_model(folder)
    return folder


@pytest.fixture
def folder(tiny, tmp_path):
    """A copy of the tiny model that a test may spoil."""
    return shutil.copytree(tiny, tmp_path / "model")


def change(folder, **settings):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def encoder_weights(tagger):
    return {name: w.detach() for name, w in tagger.encoder.named_parameters()}


def test_the_weights_are_those_of_the_folder(tiny):
    tagger, reader = load_layout_tagger(tiny)
    stored = load_file(tiny / "model.safetensors")
    loaded = encoder_weights(tagger)
    assert loaded.keys() == stored.keys()
    assert all(torch.equal(loaded[name], stored[name]) for name in stored)
    assert reader.window == 512
    assert tagger.encoder.config.max_position_embeddings == 514


def test_heads_come_from_the_seed_and_nothing_from_the_global_generator(tiny, tmp_path):
    before = torch.get_rng_state()
    one, again, other = (load_layout_tagger(tiny, seed=seed)[0] for seed in (3, 3, 4))
    save_tiny_layout_model(tmp_path, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.pointer.weight, again.pointer.weight)
    assert not torch.equal(one.pointer.weight, other.pointer.weight)
    assert not one.value.weight.any()
    assert not one.line.weight.any()
    stored, same = (load_file(path / "model.safetensors") for path in (tiny, tmp_path))
    assert all(torch.equal(stored[name], same[name]) for name in stored)
    assert (tiny / "tokenizer.json").read_bytes() == (tmp_path / "tokenizer.json").read_bytes()


def test_another_seed_is_another_tiny_model(tiny, tmp_path):
    save_tiny_layout_model(tmp_path, seed=1)
    stored, other = (load_file(path / "model.safetensors") for path in (tiny, tmp_path))
    name = "encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(stored[name], other[name])


@pytest.fixture
def warnings_of_the_library():
    """What transformers logs as a warning or worse, as it comes; switched on for it."""
    before = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_warning()
    records, handler = [], logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())
    logger = logging.getLogger("transformers")
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)
    transformers.utils.logging.set_verbosity(before)


def test_a_model_with_image_part_head_dropout_and_half_precision(folder, warnings_of_the_library):
    """As others save it: only its reading of text and boxes is taken, in float32."""
    change(folder, visual_embed=True, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
    stored = load_file(folder / "model.safetensors")
    model = transformers.LayoutLMv3ForTokenClassification.from_pretrained(folder)
    model.to(torch.bfloat16).save_pretrained(folder)
    before = transformers.utils.logging.get_verbosity()
    assert "MISSING" in "".join(warnings_of_the_library)  # the head just made
    warnings_of_the_library.clear()
    tagger, reader = load_layout_tagger(folder)
    assert warnings_of_the_library == []
    assert transformers.utils.logging.get_verbosity() == before
    loaded = encoder_weights(tagger)
    assert loaded.keys() == stored.keys()
    for name, weights in loaded.items():
        assert weights.dtype == torch.float32
        assert torch.equal(weights, stored[name].bfloat16().float())
    tagger.train()
    pages = join_pages([reader.read(document("Tea 4.80", "TOTAL"))])
    assert torch.equal(tagger(pages).pointers, tagger(pages).pointers)


def test_of_a_long_document_nothing_is_said(tiny, warnings_of_the_library):
    _, reader = load_layout_tagger(tiny)
    reader.tokenizer.model_max_length = 512  # as a released one has it
    page = reader.read(document(*["Tea 4.80"] * 200))
    assert sum(map(len, page.token_ids)) > 512
    assert warnings_of_the_library == []


def test_positions_behind_the_padding(folder):
    config = load_layout_tagger(folder)[0].encoder.config
    config.max_position_embeddings, config.pad_token_id = 512, 1
    assert usable_positions(config) == 510
    config.pad_token_id = 0
    assert usable_positions(config) == 511


def test_too_few_positions(folder):
    with pytest.raises(ValueError, match=r"window must lie in \[3, 512\] .*514 positions.*got 513"):
        load_layout_tagger(folder, window=513)
    change(folder, max_position_embeddings=512)  # the library's own default
    with pytest.raises(ValueError, match=r"window must lie in \[3, 510\] .*got 512"):
        load_layout_tagger(folder)


def test_the_window_is_that_of_the_reader(tiny):
    assert load_layout_tagger(tiny, window=3)[1].window == 3


@pytest.mark.parametrize("window", [0, 2, -1, 1.5, 3.5, True])
def test_windows_without_room(tiny, window):
    with pytest.raises(ValueError, match=f"window must .*got {window}"):
        load_layout_tagger(tiny, window=window)


def test_a_seed_that_is_none(tiny):
    with pytest.raises(ValueError, match=r"seed .*, got -1"):
        load_layout_tagger(tiny, seed=-1)
    with pytest.raises(ValueError, match=r"seed .*, got -1"):
        save_tiny_layout_model(tiny, seed=-1)


def refused(folder, message):
    with pytest.raises(ValueError, match=message):
        load_layout_tagger(folder)


def test_folders_that_are_not_there_or_empty(tmp_path):
    refused(tmp_path / "nowhere", "folder must hold the config.json of a LayoutLMv3, got .*nowhere")
    refused(tmp_path, "folder must hold the config.json of a LayoutLMv3")
    refused("microsoft/layoutlmv3-base", "folder must hold .*microsoft/layoutlmv3-base")
    for text in ("{", "[]", "{}"):
        (tmp_path / "config.json").write_text(text)
        refused(tmp_path, "folder must hold the config.json of a LayoutLMv3")


def test_a_model_of_another_type(folder):
    for kind in ("llama", "layoutlmv2"):
        change(folder, model_type=kind)
        refused(folder, f"folder must hold a model of type layoutlmv3, got '{kind}'")


def test_missing_words(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()
    refused(folder, "tokenizer that knows all 256 bytes, got one without 256")


def test_a_few_missing_letters(folder):
    letters_tokenizer(without="xyz").save_pretrained(folder)
    refused(folder, "tokenizer that knows all 256 bytes, got one without 3 of them")


@pytest.mark.parametrize("text", ["{", "{}"])
def test_broken_words(folder, text):
    (folder / "tokenizer.json").write_text(text)
    refused(folder, "folder must hold a tokenizer, got")


def test_words_of_another_model(folder):
    change(folder, vocab_size=799)
    refused(folder, "tokenizer and a model for it, got 800 tokens .* a model for 799")
    change(folder, vocab_size=800, pad_token_id=0)
    refused(folder, "padding 1 and a model for 800 with padding 0")


def test_boxes_that_the_model_has_no_number_for(folder):
    change(folder, max_2d_position_embeddings=1000)
    refused(folder, "a model for boxes up to 1000, got one for less than 1000")


def test_missing_weights(folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, path, {"format": "pt"})
    refused(folder, r"got none for \['encoder.layer.1.output.dense.weight'\]")
    path.write_bytes(path.read_bytes()[:5000])
    refused(folder, "folder must hold the weights of its model")
    path.unlink()
    refused(folder, "folder must hold the weights of its model")


def test_weights_of_another_shape(folder):
    change(folder, intermediate_size=32)
    refused(folder, "folder must hold the weights of its model")


def test_words_may_be_fewer_than_the_model_has(folder):
    letters_tokenizer().save_pretrained(folder)
    _, reader = load_layout_tagger(folder)
    assert len(reader.tokenizer) == 261
