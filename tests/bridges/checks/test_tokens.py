import pytest
import torch

from rlnotes.bridges.checks.data import pairs_of
from rlnotes.bridges.checks.tokens import (
    check_pair_lengths,
    check_prompt_lengths,
    check_special_tokens,
    end_tokens,
)
from tests.bridges.checks.small_runs import (
    END,
    load,
    pair_run,
    pairs,
    policy_run,
    save_model,
    words_tokenizer,
)


def share_of_small_numbers(completion_ids, **_):
    return [sum(token < 7 for token in ids) / len(ids) for ids in completion_ids]


def test_sound_tokens(folder):
    check = check_special_tokens(policy_run(folder))
    assert check.passed
    assert check.seen == {"pad": 0, "end": 1, "pad of the model": 0}


@pytest.mark.parametrize("pad", ["<eos>", None])
def test_padding_that_is_the_end_is_red_for_scores_also_where_trl_sets_it(folder, pad):
    run = pair_run(folder, method="reward", tokenizer=words_tokenizer(pad_token=pad))
    check = check_special_tokens(run)
    assert check.passed is False
    assert check.seen == {"pad": 1, "end": 1, "pad of the model": 1}
    assert "score is read before it" in check.sentence


@pytest.mark.parametrize("pad", ["<eos>", None])
@pytest.mark.parametrize("method", ["grpo", "rloo", "dpo"])
def test_where_padding_is_masked_by_lengths_its_token_changes_nothing(folder, method, pad):
    build = pair_run if method == "dpo" else policy_run
    rows = [row | {"prompt": "3 4 " * (n % 4 + 1)} for n, row in enumerate(pairs())]
    # From the numbers: in a text "<pad>" is left out, as long as it is a special token.
    rewards = {} if method == "dpo" else {"rewards": share_of_small_numbers}
    trained = []
    for tokenizer in (words_tokenizer(), words_tokenizer(pad_token=pad)):
        run = build(folder, method=method, rows=rows, tokenizer=tokenizer, max_steps=2, **rewards)
        check = check_special_tokens(run)
        run.train()
        trained.append(run.model.state_dict())
    assert check.passed is None
    assert check.seen == {"pad": 1, "end": 1, "pad of the model": 1}
    start = load(folder).state_dict()
    assert any(not torch.equal(start[name], weight) for name, weight in trained[0].items())
    assert all(torch.equal(weight, trained[1][name]) for name, weight in trained[0].items())


def test_a_pad_token_beyond_the_embeddings_is_red(folder):
    check = check_special_tokens(pair_run(folder, tokenizer=words_tokenizer(pad_token="[new]")))
    assert check.passed is False
    assert "no embedding for [13]" in check.sentence


def test_a_model_that_pads_otherwise_is_red(folder):
    run = pair_run(folder, method="reward")
    run.model.config.pad_token_id = 2
    assert check_special_tokens(run).passed is False


def test_all_ends_of_the_model_count(folder):
    model = load(folder)
    model.generation_config.eos_token_id = [1, 7]
    run = policy_run(folder, model=model)
    assert end_tokens(run) == {1, 7}
    assert end_tokens(pair_run(folder, method="reward")) == {END}


def test_prompts_that_do_not_fit_are_red(tmp_path):
    folder = save_model(tmp_path / "short", num_positions=10)
    check = check_prompt_lengths(policy_run(folder, max_completion_length=8))
    assert check.passed is False
    assert check.seen == {"longest prompt": 3, "+ answer": 8, "positions": 10}
    assert check_prompt_lengths(policy_run(folder, max_completion_length=7)).passed


@pytest.mark.parametrize("method", ["dpo", "reward"])
def test_pairs_that_do_not_fit_are_red_unless_they_are_cut(tmp_path, method):
    folder = save_model(tmp_path / "short", num_positions=5)
    rows = [
        {"prompt": "3 3 ", "chosen": "4 5 6", "rejected": "4"},
        {"prompt": "3 ", "chosen": "4", "rejected": "5"},
    ] * 4
    run = pair_run(folder, method=method, rows=rows)
    check = check_pair_lengths(run, pairs_of(run))
    assert check.passed is False
    assert check.seen == {"longest text": 6, "max_length": 1024, "positions": 5}
    run = pair_run(folder, method=method, rows=rows, max_length=5)
    assert check_pair_lengths(run, pairs_of(run)).passed
