import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from tokenizers.processors import TemplateProcessing

from rlnotes.bridges.model_loading import load
from rlnotes.bridges.page_prompts import prompt_of
from rlnotes.bridges.prompt_checks import require_plain_prompts, require_short_prompts
from rlnotes.bridges.prompt_data import (
    TextPair,
    acme_pair,
    corrupted_text_pairs,
    pair_rows,
    prompt_rows,
)
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_settings import Settings
from rlnotes.bridges.trainers import make_trainer
from rlnotes.data.documents.document import Document
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, invoice_reward

STEPS, BATCH, GROUP = 3, 4, 2
# So large that every weight that is trained moves in float32.
SETTINGS = {
    "steps": STEPS,
    "batch_size": BATCH,
    "num_answers": GROUP,
    "max_answer": 32,
    "learning_rate": 1e-2,
    "lora_rank": 4,
}


class Recorded(InvoiceReward):
    """Keeps what it was called with."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.calls = []

    def __call__(self, prompts, completions, completion_ids, **columns):
        self.calls.append((completions, completion_ids, columns["target"], columns["name"]))
        return super().__call__(prompts, completions, completion_ids, **columns)


def copied(model):
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}


def trained(tiny_folder, documents, folder, method, **changes):
    """A trainer after its run, the weights it began with, and what its reward saw."""
    loaded = load(tiny_folder)
    settings = Settings(**(SETTINGS | {"method": method} | changes))
    reward = Recorded(end_ids=loaded.end_ids)
    if method == "dpo":
        pairs = [acme_pair(), *corrupted_text_pairs(documents, count=11, seed=0)]
        data = pair_rows(pairs)
    else:
        data = prompt_rows(documents)
    trainer = make_trainer(loaded, data, settings, folder, reward=reward)
    before = copied(trainer.model)
    trainer.train()
    return trainer, before, reward


def logged(trainer, name):
    return [row[name] for row in trainer.state.log_history if "loss" in row]


@pytest.fixture(scope="module")
def runs(tiny_folder, short_documents, tmp_path_factory):
    """One short run of each method."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        method: trained(tiny_folder, short_documents, folder / method, method)
        for method in ("grpo", "rloo", "dpo")
    }


@pytest.mark.parametrize("method", ["grpo", "rloo", "dpo"])
def test_only_the_adapter_moves(runs, method):
    trainer, before, _ = runs[method]
    after = copied(trainer.model)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    adapter = {name for name in before if "lora_" in name}
    assert moved
    assert moved <= adapter
    # B starts at zero and moves in both layers: four matrices of attention, three more.
    ends = {name for name in adapter if "lora_B" in name}
    assert len(ends) == 2 * 7
    assert ends <= moved
    assert not any(before[name].any() for name in ends)
    assert {after[name].dtype for name in after} == {torch.float32}


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_the_logged_reward_is_the_mean_over_the_texts(runs, method):
    trainer, _, reward = runs[method]
    (end,) = trainer.eos_token_ids
    assert len(reward.calls) == STEPS
    ended = 0
    for (texts, ids, targets, names), seen in zip(
        reward.calls, logged(trainer, "reward"), strict=True
    ):
        assert len(texts) == BATCH
        assert names[0] == names[1] != names[2] == names[3]  # groups of two
        earned = []
        for text, row, target in zip(texts, ids, targets, strict=True):
            ended += row[-1] == end
            answer = text if row[-1] == end else "unreadable"
            earned.append(invoice_reward(answer, json.loads(target), weights=REWARD_WEIGHTS).total)
        assert seen == pytest.approx(sum(earned) / BATCH, abs=1e-6)
    assert 0 < ended < STEPS * BATCH  # both kinds were met


def test_the_end_tokens_are_those_of_the_trainer(runs, tiny_folder):
    for method in ("grpo", "rloo"):
        assert set(runs[method][0].eos_token_ids) == load(tiny_folder).end_ids


def test_at_the_first_step_policy_and_reference_agree(runs):
    for method in ("grpo", "rloo"):
        kls = logged(runs[method][0], "kl")
        assert kls[0] == 0.0 != kls[1]
    losses = logged(runs["dpo"][0], "loss")
    assert losses[0] == pytest.approx(math.log(2), abs=1e-6) != losses[1]


def test_the_reference_is_the_model_in_memory_not_the_one_on_the_disk(tiny_folder, tmp_path):
    # A model changed since it was read: TRL without an adapter would read it again.
    loaded = load(tiny_folder)
    with torch.no_grad():
        for weight in loaded.model.parameters():
            weight.mul_(1.5)
    settings = Settings(method="dpo", **(SETTINGS | {"steps": 1, "batch_size": 2}))
    trainer = make_trainer(loaded, pair_rows([acme_pair()] * 2), settings, tmp_path)
    trainer.train()
    assert logged(trainer, "loss")[0] == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize("method", ["grpo", "rloo", "dpo"])
def test_no_setting_is_left_to_the_library(runs, method):
    args = runs[method][0].args
    assert logged(runs[method][0], "learning_rate") == [1e-2] * STEPS  # it does not fall
    assert not args.bf16
    assert not args.gradient_checkpointing
    assert args.beta == {"grpo": 0.04, "rloo": 0.05, "dpo": 0.1}[method]
    assert args.eval_strategy == "no"
    assert args.disable_dropout
    assert (args.max_grad_norm, args.weight_decay, args.report_to) == (1.0, 0.0, [])
    if method == "dpo":
        assert (args.loss_type, args.label_smoothing, args.max_length) == (["sigmoid"], 0.0, None)
        assert not args.precompute_ref_log_probs
    else:
        assert (args.num_generations, args.top_k, args.top_p) == (GROUP, 0, 1.0)
        assert not args.mask_truncated_completions
    if method == "grpo":
        assert (args.loss_type, args.scale_rewards) == ("grpo", "group")
        assert (args.importance_sampling_level, args.use_bias_correction_kl) == ("token", True)
    if method == "rloo":
        assert (args.normalize_advantages, args.reward_clip_range) == (False, None)


# None of them is the default of ours or of TRL. A block is 6 x 2 passes, 6 steps.
CHOSEN = Settings(
    steps=12,
    save_every=6,
    batch_size=4,
    accumulate=2,
    num_answers=3,
    passes_per_batch=6,
    num_iterations=2,
    clip_epsilon=0.3,
    beta=0.7,
    loss_type="dr_grpo",
    scale_rewards="batch",
    temperature=0.9,
    max_answer=17,
    learning_rate=3e-4,
    warmup_steps=5,
    lora_rank=3,
    lora_alpha=7,
    precision="bfloat16",
    gradient_checkpointing=True,
    seed=9,
)
TOLD = {
    "max_steps": 12,
    "save_steps": 6,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
    "beta": 0.7,
    "learning_rate": 3e-4,
    "warmup_steps": 5,
    "bf16": True,
    "activation_checkpointing": True,
    "seed": 9,
}
TOLD_OF_ANSWERS = {
    "num_generations": 3,
    "steps_per_generation": 6,
    "num_iterations": 2,
    "epsilon": 0.3,
    "temperature": 0.9,
    "max_completion_length": 17,
}


@pytest.mark.parametrize("method", ["grpo", "rloo", "dpo"])
def test_every_setting_that_is_chosen_reaches_the_library(
    method, tiny_folder, short_documents, tmp_path
):
    loaded = load(tiny_folder)
    data = pair_rows([acme_pair()] * 2) if method == "dpo" else prompt_rows(short_documents)
    trainer = make_trainer(
        loaded,
        data,
        replace(CHOSEN, method=method),
        tmp_path,
        reward=InvoiceReward(end_ids=loaded.end_ids),
    )
    told = TOLD if method == "dpo" else TOLD | TOLD_OF_ANSWERS
    if method == "grpo":
        told = told | {"loss_type": "dr_grpo", "scale_rewards": "batch"}
    assert {name: getattr(trainer.args, name) for name in told} == told
    adapter = trainer.model.peft_config["default"]
    assert (adapter.r, adapter.lora_alpha, adapter.lora_dropout) == (3, 7, 0.0)
    assert adapter.task_type == "CAUSAL_LM"


def test_dpo_leaves_out_no_pair(runs):
    trainer = runs["dpo"][0]
    assert len(trainer.train_dataset) == 12


def test_a_reward_is_needed_where_answers_are_drawn(tiny_folder, short_documents, tmp_path):
    with pytest.raises(ValueError, match="reward must be given for rloo, got none"):
        make_trainer(
            load(tiny_folder), prompt_rows(short_documents), Settings(method="rloo"), tmp_path
        )


def test_a_model_comes_as_it_is_asked_for_not_as_it_was_stored(tiny_folder):
    assert load(tiny_folder).model.dtype == torch.float32
    assert load(tiny_folder, precision="bfloat16").model.dtype == torch.bfloat16
    with pytest.raises(ValueError, match="precision"):
        load(tiny_folder, precision="float16")


def test_any_end_that_the_model_names_ends_an_answer(tiny_folder):
    loaded = load(tiny_folder)
    own = loaded.tokenizer.eos_token_id
    for named, others in ((None, set()), (300, {300}), ([300, 301], {300, 301})):
        loaded.model.generation_config.eos_token_id = named
        assert loaded.end_ids == {own} | others


def test_a_model_without_an_end_is_refused(tiny_folder, tmp_path):
    tokenizer = load(tiny_folder).tokenizer
    tokenizer.eos_token = None
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="must have an end token in its tokenizer, got none in"):
        load(tmp_path)


def test_prompts_are_filled_up_and_cut_at_their_beginning(tiny_folder):
    tokenizer = load(tiny_folder).tokenizer
    short, long = (tokenizer(text)["input_ids"] for text in ("a", "a%b"))
    rows = tokenizer(["a", "a%b"], padding=True)["input_ids"]
    assert rows == [[tokenizer.pad_token_id] * (len(long) - 1) + short, long]
    assert tokenizer("a%b", truncation=True, max_length=1)["input_ids"] == long[-1:]


def with_begin_and_chat(loaded):
    """As others have it: a token before each text, and a form of a chat."""
    tokenizer = loaded.tokenizer
    tokenizer.add_special_tokens({"bos_token": "<begin>"})
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<begin> $A", special_tokens=[("<begin>", tokenizer.bos_token_id)]
    )
    tokenizer.chat_template = (
        "{% for m in messages %}<begin>{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}AB%{% endif %}"
    )
    return loaded


def test_messages_are_measured_as_they_are_written(tiny_folder):
    loaded = with_begin_and_chat(load(tiny_folder))
    page, chosen, rejected = acme_pair()
    count = lambda text: len(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])  # noqa: E731
    asked = "<begin>" + prompt_of(page)
    answered = max(count(f"{asked}<begin>{answer}") for answer in (chosen, rejected))
    cases = [
        (prompt_rows([page], chat=True), count(asked + "AB%") + 5),
        (pair_rows([acme_pair()], chat=True), answered + 1),
        (prompt_rows([page]), count(asked) + 5),
        (pair_rows([acme_pair()]), 2 + max(count(prompt_of(page) + a) for a in (chosen, rejected))),
    ]
    for data, length in cases:
        loaded.model.config.max_position_embeddings = length
        require_short_prompts(loaded, data, max_answer=5)
        loaded.model.config.max_position_embeddings = length - 1
        with pytest.raises(ValueError, match=f"needs {length} tokens with its answer"):
            require_short_prompts(loaded, data, max_answer=5)


def test_a_model_without_a_number_of_positions_reads_any_prompt(tiny_folder):
    loaded = load(tiny_folder)
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace())
    unlimited = loaded._replace(model=SimpleNamespace(config=config))
    assert unlimited.num_positions is None
    require_short_prompts(unlimited, pair_rows([acme_pair()]), max_answer=10**9)


def test_prompts_must_leave_room_for_their_answers(tiny_folder, short_documents):
    loaded, data = load(tiny_folder), prompt_rows(short_documents)
    counts = {row["name"]: len(loaded.tokenizer(row["prompt"])["input_ids"]) for row in data}
    name = max(counts, key=counts.get)
    room = loaded.num_positions - counts[name]
    require_short_prompts(loaded, data, max_answer=room)
    with pytest.raises(ValueError, match=f"the prompt {name} needs 8193 tokens .* has 8192"):
        require_short_prompts(loaded, data, max_answer=room + 1)


def test_pairs_are_measured_with_their_longer_answer_and_its_end(tiny_folder):
    loaded, (page, chosen, rejected) = load(tiny_folder), acme_pair()
    texts = (prompt_of(page) + answer for answer in (chosen, rejected))
    lengths = [len(loaded.tokenizer(text)["input_ids"]) for text in texts]
    assert lengths[0] > lengths[1]
    longest = 1 + lengths[0]
    swapped = TextPair(page, rejected, chosen)
    for data in (pair_rows([acme_pair()]), pair_rows([swapped])):
        loaded.model.config.max_position_embeddings = longest
        require_short_prompts(loaded, data, max_answer=10**6)
        loaded.model.config.max_position_embeddings = longest - 1
        with pytest.raises(ValueError, match=f"the prompt of pair 0 needs {longest} tokens"):
            require_short_prompts(loaded, data, max_answer=1)


@pytest.mark.parametrize("chat", [False, True])
def test_a_page_must_not_hold_the_text_of_a_special_token(tiny_folder, chat):
    loaded, page = load(tiny_folder), acme_pair().document
    require_plain_prompts(loaded, prompt_rows([page], chat=chat))
    loaded.tokenizer.add_special_tokens({"additional_special_tokens": ["Acme Corp"]})
    first = Document("first", ["Tea"], [[0, 0, 9, 9]], [0], [[99, 99]])
    with pytest.raises(ValueError, match="the prompt acme holds 'Acme Corp'"):
        require_plain_prompts(loaded, prompt_rows([first, page], chat=chat))
    with pytest.raises(ValueError, match="the prompt of pair 0 holds 'Acme Corp'"):
        require_plain_prompts(loaded, pair_rows([acme_pair()], chat=chat))


def test_a_special_token_without_a_letter_is_none(tiny_folder):
    tokenizer = SimpleNamespace(all_special_tokens=["", "<end>"])
    loaded = load(tiny_folder)._replace(tokenizer=tokenizer)
    require_plain_prompts(loaded, pair_rows([acme_pair()]))


def test_in_bfloat16_with_recomputed_passes_the_adapter_is_float32_and_moves(
    tiny_folder, short_documents, tmp_path
):
    loaded = load(tiny_folder, precision="bfloat16")
    settings = Settings(
        precision="bfloat16", gradient_checkpointing=True, **(SETTINGS | {"steps": 1})
    )
    reward = InvoiceReward(end_ids=[], score=lambda text, target: len(text))
    data = prompt_rows(short_documents)
    trainer = make_trainer(loaded, data, settings, tmp_path, reward=reward)
    before = copied(trainer.model)
    trainer.train()
    after = copied(trainer.model)
    assert {w.dtype for name, w in after.items() if "lora_" in name} == {torch.float32}
    assert {w.dtype for name, w in after.items() if "lora_" not in name} == {torch.bfloat16}
    moved = {name for name in before if not before[name].equal(after[name])}
    assert moved
    assert all("lora_B" in name for name in moved)  # A has no slope while B is zero
