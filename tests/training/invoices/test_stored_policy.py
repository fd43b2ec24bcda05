"""The recorded policy: what it is, and that it reads what it has never seen."""

import numpy as np
import pytest
import torch

from rlnotes.data.invoices import LAYOUTS, sample_invoices
from rlnotes.training.invoices import stored_policy as module
from rlnotes.training.invoices.evaluation import evaluate
from rlnotes.training.invoices.examples import make_example, new_policy
from rlnotes.training.invoices.stored_policy import stored_policy


@pytest.fixture
def recorded(monkeypatch):
    """Another recording in place of the stored one."""

    def put(weights):
        arrays = {"weights": weights, "settings": "by hand", "made_by": "hand"}
        monkeypatch.setattr(module, "load_arrays", lambda name: arrays)
        return stored_policy.__wrapped__()

    return put


def test_it_reads_new_documents_of_all_layouts():
    policy, settings = stored_policy()
    assert "invented" in settings
    documents = sample_invoices(60, seed=123_456, layouts=LAYOUTS)
    after = evaluate(policy, [make_example(document) for document in documents])
    assert after.macro_f1 > 0.8
    assert after.right.mean() > 0.3
    before = evaluate(new_policy(0), [make_example(document) for document in documents[:10]])
    assert before.macro_f1 < 0.3


def test_it_is_frozen_and_loaded_once():
    policy, _ = stored_policy()
    assert not any(part.requires_grad for part in policy.parameters())
    assert stored_policy() is stored_policy()


def test_the_weights_are_those_of_the_recording_in_the_order_of_the_policy(recorded):
    own = torch.nn.utils.parameters_to_vector(new_policy(7).parameters()).detach().numpy()
    policy, settings = recorded(own)
    assert settings == "by hand"
    for mine, theirs in zip(policy.parameters(), new_policy(7).parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("change", [-1, 1])
def test_weights_of_another_policy_are_refused(recorded, change):
    count = sum(part.numel() for part in new_policy().parameters())
    message = rf"invoice_policy must hold {count} weights, got \({count + change},\)"
    with pytest.raises(ValueError, match=message):
        recorded(np.zeros(count + change, dtype=np.float32))


def test_the_recording_is_in_single_precision():
    assert module.load_arrays("invoice_policy")["weights"].dtype == np.float32
