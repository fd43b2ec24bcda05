"""What a run is built from, looked at before its first step."""

import shutil

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback

from rlnotes.bridges import invoice_run
from rlnotes.bridges.invoice_run import Run, train
from rlnotes.bridges.model_loading import load
from rlnotes.bridges.page_prompts import prompt_of
from rlnotes.bridges.prompt_data import acme_pair
from rlnotes.bridges.run_files import Metrics, Progress
from rlnotes.bridges.run_settings import Refusal, Settings

SMALL = {"steps": 2, "batch_size": 4, "num_answers": 2, "max_answer": 40, "lora_rank": 4}


@pytest.fixture
def built(tiny_folder, short_documents, tmp_path):
    """Builds the trainer of a run, and ends it there."""
    kept = []

    def stop(trainer):
        kept.append(trainer)
        raise ValueError("enough")

    def build(*, model=tiny_folder, settings=None, **changes):
        folder = tmp_path / f"run{len(kept)}"
        settings = Settings(**SMALL, **(settings or {}))
        run = Run(model=str(model), folder=folder, settings=settings, source="mine", **changes)
        with pytest.raises(Refusal, match=r"^enough$"):
            train(run, short_documents, before_training=stop)
        return kept[-1]

    return build


def prompts_of(trainer):
    """The prompts of a DPO run as texts."""
    ids = trainer.train_dataset["prompt_ids"]
    return trainer.processing_class.batch_decode(list(ids), skip_special_tokens=True)


def test_all_that_a_run_is_made_of_is_described(tmp_path):
    settings = Settings(method="rloo", steps=7, seed=5)
    run = Run(model="m", folder=tmp_path, settings=settings, source="mine", labels=False, pairs=9)
    described = run.described()
    versions = described.pop("versions")
    assert set(versions) == {"torch", "transformers", "trl", "peft", "accelerate", "datasets"}
    assert versions["torch"] == torch.__version__
    expected = {"model": "m", "documents": "mine", "labels": False, "pairs": 9, "processes": 1}
    expected |= {"method": "rloo", "steps": 7, "seed": 5, "beta": 0.05}
    assert {name: described[name] for name in expected} == expected


@pytest.mark.parametrize("labels", [True, False])
def test_the_reward_looks_at_labels_as_asked_and_knows_the_ends(built, labels, tiny_folder):
    (reward,) = built(labels=labels).reward_funcs
    assert reward.labels is labels
    assert reward.end_ids == load(tiny_folder).end_ids


@pytest.mark.parametrize("pairs", [1, 66])
def test_pairs_are_as_many_as_asked_and_begin_with_that_of_the_chapter(built, pairs):
    acme = prompt_of(acme_pair().document)
    prompts = prompts_of(built(settings={"method": "dpo"}, pairs=pairs))
    assert len(prompts) == pairs
    assert prompts[0] == acme
    assert acme not in prompts[1:]
    prompts = prompts_of(built(settings={"method": "dpo"}, pairs=pairs, acme=False))
    assert len(prompts) == pairs
    assert acme not in prompts


def test_pairs_come_from_the_seed_of_the_run(built):
    first, again, other = (
        prompts_of(built(settings={"method": "dpo", "seed": seed}, pairs=6)) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_the_tiny_model_comes_from_the_seed_of_the_run(built, tiny_folder, monkeypatch):
    seeds = []

    def copied(folder, *, seed):
        seeds.append(seed)
        return shutil.copytree(tiny_folder, folder)

    monkeypatch.setattr(invoice_run, "save_tiny_model", copied)
    built(model="tiny", settings={"seed": 3})
    assert seeds == [3]


def test_the_model_has_the_precision_of_the_run(built):
    model = built(settings={"precision": "bfloat16"}).model
    assert {w.dtype for name, w in model.named_parameters() if "lora_" not in name} == {
        torch.bfloat16
    }


def test_the_trainer_tells_our_callbacks_and_prints_nothing_itself(built):
    kinds = [type(callback) for callback in built().callback_handler.callbacks]
    assert {Metrics, Progress} <= set(kinds)
    assert PrinterCallback not in kinds


@pytest.mark.parametrize("method", ["grpo", "dpo"])
def test_with_a_chat_prompts_are_messages(built, tiny_folder, tmp_path, method):
    folder = shutil.copytree(tiny_folder, tmp_path / "chat")
    form = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    (folder / "chat_template.jinja").write_text(form)
    trainer = built(model=folder, settings={"method": method})
    if method == "dpo":
        assert prompts_of(trainer)[0].startswith("user: ")
    else:
        assert trainer.train_dataset[0]["prompt"][0]["role"] == "user"


def test_a_page_with_a_special_token_of_the_model_is_refused(
    short_documents, tiny_folder, tmp_path
):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    word = short_documents[3].segments[0]
    tokenizer.add_special_tokens({"additional_special_tokens": [word]})
    tokenizer.save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(folder)
    run = Run(model=str(folder), folder=tmp_path / "r", settings=Settings(**SMALL), source="mine")
    with pytest.raises(Refusal, match=r"holds .*, which the tokenizer takes for a special token"):
        train(run, short_documents)
    assert not (tmp_path / "r" / "run.json").exists()
