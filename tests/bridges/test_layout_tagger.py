"""The LayoutLMv3 tagger: all answers enumerated, batches, what a score trains."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.bridges.layout_folders import load_layout_tagger
from rlnotes.bridges.layout_inputs import LayoutReader, thousandths
from rlnotes.bridges.layout_tagger import LayoutTagger, usable_positions
from rlnotes.bridges.tiny_layout_model import save_tiny_layout_model
from rlnotes.models.pointer_actions import (
    Actions,
    action_log_probs,
    choice_divergences,
    choice_entropies,
    sample_actions,
)
from rlnotes.training.invoices.answer_pairs import sampled_pairs
from rlnotes.training.invoices.batches import draw_pages, join_pages
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.dpo import Config as DPOConfig
from rlnotes.training.invoices.dpo import train_dpo
from rlnotes.training.invoices.evaluation import evaluate
from rlnotes.training.invoices.examples import make_example
from rlnotes.training.invoices.on_policy import Config, Learner, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore, write_answers
from rlnotes.training.invoices.sft import Config as SFTConfig
from rlnotes.training.invoices.sft import train_sft
from tests.bridges.layout_pages import document


def receipt(vendor, day, item, amount, total):
    """Four segments, and a label that can be pointed at."""
    target = {
        "vendor": vendor,
        "date": f"2018-03-{day:02d}",
        "total": total,
        "line_items": [{"description": item, "amount": amount}],
    }
    texts = vendor, f"{day:02d}/03/2018", f"{item} {amount}", f"TOTAL RM {total}"
    return make_example(document(*texts, target=target))


RECEIPTS = [
    receipt("ACME LTD", 5, "Tea", "4.80", "4.80"),
    receipt("Bakery Sdn Bhd", 17, "Bread", "2.50", "2.50"),
    receipt("HARDWARE", 28, "Nails", "12.00", "12.00"),
    receipt("Tan & Sons", 9, "Soup", "7.10", "7.10"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    save_tiny_layout_model(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(folder):
    """Heads far from their start, so that each choice differs from page to page."""
    tagger, reader = load_layout_tagger(folder)
    return moved(tagger), reader


@pytest.fixture(scope="module")
def examples(loaded):
    return [loaded[1].ready(example) for example in RECEIPTS]


def moved(tagger, scale=0.3):
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for name, weights in tagger.named_parameters():
            if not name.startswith("encoder."):
                weights += scale * torch.randn(weights.shape, generator=generator)
    return tagger


# The choices.


def log_softmax(scores):
    total = math.log(sum(map(math.exp, scores)))
    return [score - total for score in scores]


def scores_of(head, row):
    return (head.weight.double() @ row.double() + head.bias.double()).tolist()


def test_log_probs_of_all_answers_to_two_segments(loaded):
    """588 answers: each by the library's own tokens and plain sums, and 1 in all."""
    encoder, reader = loaded[0].encoder, loaded[1]
    tagger = moved(LayoutTagger(encoder, torch.Generator().manual_seed(2), num_fields=2))
    page = document("Tea 4.80", "TOTAL")
    (tea, total) = thousandths(page.boxes, page.page_sizes[page.pages]).tolist()
    encoded = reader.tokenizer(
        ["Tea", "4.80", "TOTAL"], boxes=[tea, tea, total], return_tensors="pt"
    )
    with torch.no_grad():
        hidden = encoder(**encoded).last_hidden_state[0]
        choices = tagger(join_pages([reader.read(page)]))
        words = encoded.word_ids()
        whole, segments = hidden[0], [hidden[words.index(0)], hidden[words.index(2)]]
        fields = [scores_of(tagger.pointer, row) for row in segments]
        absent = scores_of(tagger.absent, whole)
        formats = [scores_of(tagger.format, row) for row in segments]
        lines = [scores_of(tagger.line, row)[0] for row in segments]
        line_format = log_softmax(scores_of(tagger.line_format, whole))
        value = scores_of(tagger.value, whole)[0]
    assert choices.values.item() == pytest.approx(value, abs=1e-5)
    options = [(0, 0), *itertools.product((1, 2), range(3))]
    total, expected, given = 0.0, [], []
    for answer in itertools.product(options, options, (0, 1), (0, 1), range(3)):
        *pointed, first, second, form = answer
        log_prob = line_format[form]
        for field, (segment, written) in enumerate(pointed):
            places = log_softmax([absent[field], *(row[field] for row in fields)])
            log_prob += places[segment]
            if segment:
                own = formats[segment - 1][3 * field : 3 * field + 3]
                log_prob += log_softmax(own)[written]
        for taken, score in zip((first, second), lines, strict=True):
            log_prob -= math.log1p(math.exp(-score if taken else score))
        expected.append(log_prob)
        total += math.exp(log_prob)
        given.append(answer)
    assert (len(given), total) == (588, pytest.approx(1, abs=1e-9))
    actions = Actions(
        torch.tensor([[[a[0][0], a[1][0]] for a in given]]),
        torch.tensor([[[a[0][1], a[1][1]] for a in given]]),
        torch.tensor([[[bool(a[2]), bool(a[3])] for a in given]]),
        torch.tensor([[a[4] for a in given]]),
    )
    log_probs = action_log_probs(choices, actions).sum(dim=-1)[0]
    assert_close(log_probs.double(), torch.tensor(expected).double(), atol=2e-5, rtol=0)
    entropy = -sum(math.exp(number) * number for number in expected)
    assert choice_entropies(choices).sum().item() == pytest.approx(entropy, abs=1e-4)
    assert choice_divergences(choices, choices).abs().max() == 0


def test_documents_of_different_length_in_one_batch(loaded):
    tagger, reader = loaded
    small = LayoutReader(reader.tokenizer, 14)
    pages = [
        small.read(document("ACME")),
        small.read(document("ACME LTD", "Tea 4.80", "05/03/2018", "RM 9.60", pages=[0, 0, 1, 1])),
        reader.read(document("Soup 1.20", "TOTAL 1.20")),
    ]
    assert [len(page.token_ids) for page in pages] == [1, 3, 1]
    with torch.no_grad():
        together = tagger(join_pages(pages))
        for row, page in enumerate(pages):
            alone, n = tagger(join_pages([page])), len(page)
            assert_close(together.pointers[row, :, : n + 1], alone.pointers[0], atol=1e-5, rtol=0)
            assert_close(together.lines[row, :n], alone.lines[0], atol=1e-5, rtol=0)
            assert_close(together.line_format[row], alone.line_format[0], atol=1e-5, rtol=0)
            assert_close(together.values[row], alone.values[0], atol=1e-5, rtol=0)


def test_the_whole_page_is_the_mean_of_its_windows(loaded):
    tagger, reader = loaded
    page = LayoutReader(reader.tokenizer, 14).read(document("ACME", "Tea", pages=[0, 1]))
    with torch.no_grad():
        one, two = (
            tagger.encoder(input_ids=torch.tensor(ids)[None], bbox=torch.tensor(boxes)[None])
            for ids, boxes in zip(page.token_ids, page.boxes, strict=True)
        )
        mean = (one.last_hidden_state[0, 0] + two.last_hidden_state[0, 0]) / 2
        values = tagger(join_pages([page])).values
    assert_close(values, tagger.value(mean), atol=1e-5, rtol=0)


def test_padding_is_never_chosen_and_never_read(loaded):
    tagger, reader = loaded
    texts = ["a", "b"], ["ACME", "Tea 4.80", "RM", "1", "2", "3", "4"]
    pages = join_pages([reader.read(document(*each)) for each in texts])
    with torch.no_grad():
        choices = tagger(pages)
        actions = sample_actions(choices, 500, generator=torch.Generator().manual_seed(0))
        assert actions.segments[0].max() == 2
        assert actions.segments[1].max() == 7
        assert actions.lines[0, :, :2].any()
        assert not actions.lines[0, :, 2:].any()
        padding = pages.attention_mask == 0
        assert padding.any()
        other = pages._replace(
            token_ids=pages.token_ids.masked_fill(padding, 7),
            boxes=pages.boxes.masked_fill(padding[..., None], 999),
            places=pages.places.masked_fill(~pages.mask, 3),
        )
        same = tagger(other)
    assert_close(same.pointers[0, :, :3], choices.pointers[0, :, :3], atol=1e-6, rtol=0)
    assert_close(same.lines[0, :2], choices.lines[0, :2], atol=1e-6, rtol=0)
    assert_close(same.values, choices.values, atol=1e-6, rtol=0)


def test_words_and_boxes_are_both_read(loaded):
    tagger, reader = loaded
    pages = join_pages([reader.read(document("Tea 4.80", "TOTAL"))])
    with torch.no_grad():
        before = tagger(pages).pointers
        moved_boxes = pages._replace(boxes=(pages.boxes + 300).clamp(max=1000))
        other_words = pages._replace(token_ids=pages.token_ids.roll(1, dims=1))
        assert (tagger(moved_boxes).pointers - before).abs().max() > 1e-3
        assert (tagger(other_words).pointers - before).abs().max() > 1e-3


def test_windows_longer_than_the_model(loaded):
    tagger, reader = loaded
    page = LayoutReader(reader.tokenizer, 600).read(document(*["RM 9.60"] * 200))
    length = max(map(len, page.token_ids))
    assert length > 512
    with pytest.raises(ValueError, match=f"windows of at most 512 tokens, got {length}"):
        tagger(join_pages([page]))
    full = LayoutReader(reader.tokenizer, 512).read(document(*["RM 9.60"] * 200))
    assert max(map(len, full.token_ids)) > 505
    with torch.no_grad():
        assert tagger(join_pages([full])).pointers.isfinite().all()
    assert usable_positions(tagger.encoder.config) == 512


# What is trained.


def test_every_weight_that_counts_as_trained_has_a_gradient(loaded, examples):
    learner = Learner(loaded[0], examples, RewardScore(), Config(advantage="critic"))
    _, loss = learner.losses(learner.rollout(), None)
    loss.backward()
    named = dict(learner.policy.named_parameters())
    frozen = {name for name, weights in named.items() if not weights.requires_grad}
    assert frozen == {f"encoder.encoder.rel_pos_{kind}bias.weight" for kind in ("", "x_", "y_")}
    for name, weights in named.items():
        assert (weights.grad is None) == (name in frozen), name


def test_no_weight_of_a_picture_is_there(loaded):
    assert not any("patch" in name or "cls_token" in name for name in loaded[0].state_dict())


def test_an_update_moves_what_is_not_frozen(loaded, examples):
    start = loaded[0]
    before = {name: w.clone() for name, w in start.state_dict().items()}
    result = train_on_policy(start, examples, RewardScore(), Config(num_updates=1))
    assert all(torch.equal(w, before[name]) for name, w in start.state_dict().items())
    same = {
        name
        for name, w in result.policy.named_parameters()
        if torch.equal(w.detach(), before[name])
    }
    # Without a critic its head stays.
    expected = {f"encoder.encoder.rel_pos_{kind}bias.weight" for kind in ("", "x_", "y_")}
    assert same == expected | {"value.weight", "value.bias"}


def test_an_answer_is_as_likely_when_learned_from_as_when_drawn(loaded, examples):
    learner = Learner(loaded[0].train(), examples, RewardScore(), Config(beta=0.1))
    rollout = learner.rollout()
    with torch.no_grad():
        reference = learner.reference(rollout.pages)
        parts, _ = learner.losses(rollout, reference)
        own = action_log_probs(learner.policy(rollout.pages), rollout.actions)
    assert_close(own, rollout.old_log_probs, atol=1e-6, rtol=0)
    _, _, _, kl, outside = parts
    assert (kl.item(), outside.item()) == (pytest.approx(0, abs=1e-6), 0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_reward_raises_the_mean_reward(folder, seed):
    tagger, reader = load_layout_tagger(folder, seed=seed)
    examples = [reader.ready(example) for example in RECEIPTS]
    start = train_sft(
        tagger,
        examples,
        [demonstrate(example) for example in examples],
        SFTConfig(num_steps=15, batch_size=4, vary=False, seed=seed),
    ).policy
    config = Config(num_updates=25, num_documents=4, seed=seed)
    result = train_on_policy(start, examples, RewardScore(), config)
    rewards = result.diagnostics.reward
    assert rewards[-5:].mean() > rewards[:5].mean() + 0.05


def test_answers_and_comparisons_work_unchanged(loaded, examples):
    tagger = loaded[0]
    assert evaluate(tagger, examples).rewards.shape == (4,)
    with torch.no_grad():
        choices = tagger(draw_pages(examples, None))
    actions = sample_actions(choices, 3, generator=torch.Generator().manual_seed(0))
    answers = write_answers(examples, actions)
    assert [len(row) for row in answers] == [3] * 4
    pairs = sampled_pairs(tagger, examples, RewardScore(), seed=0)
    result = train_dpo(tagger, pairs, DPOConfig(num_steps=3, batch_size=2, learning_rate=1e-2))
    losses = result.diagnostics.loss
    assert losses[0] == pytest.approx(math.log(2), abs=1e-5)
    assert losses[-1] < losses[0]
