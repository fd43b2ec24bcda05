import pytest

from rlnotes.bridges.run_settings import Settings, require_whole_groups


@pytest.mark.parametrize(
    ("passes", "iterations", "accumulate", "block"),
    [
        (0, 1, 1, 1),
        (0, 1, 4, 1),  # four passes are drawn for, and a step takes four
        (4, 1, 1, 4),
        (4, 2, 4, 2),
        (4, 2, 1, 8),
        (6, 1, 4, 3),  # 6, 12 passes: a step ends at the twelfth, the third one
    ],
)
def test_a_block_ends_where_answers_and_a_step_are_used_up(passes, iterations, accumulate, block):
    settings = Settings(
        steps=24,
        passes_per_batch=passes,
        num_iterations=iterations,
        accumulate=accumulate,
    )
    assert settings.block == block


def test_dpo_draws_nothing_so_any_step_will_do():
    assert Settings(method="dpo", steps=3, num_iterations=2, passes_per_batch=4).block == 1


@pytest.mark.parametrize("change", [{"steps": 6}, {"steps": 8, "save_every": 2}])
def test_a_run_is_saved_between_blocks_only(change):
    with pytest.raises(ValueError, match=f"{list(change)[-1]} must be a multiple of 4"):
        Settings(**change, num_iterations=4)


def test_without_a_wish_it_is_saved_about_ten_times_between_blocks():
    assert [Settings(steps=steps).steps_per_save for steps in (8, 10, 11, 100)] == [1, 1, 2, 10]
    assert Settings(steps=44, num_iterations=4).steps_per_save == 8
    assert Settings(steps=8, save_every=4).steps_per_save == 4


def test_each_method_has_a_price_of_its_own_unless_one_is_given():
    prices = [Settings(method=method).price for method in ("grpo", "rloo", "dpo")]
    assert prices == [0.04, 0.05, 0.1]
    assert Settings(beta=0.0).price == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "ppo"}, "method must be one of .*, got 'ppo'"),
        ({"num_answers": 1}, "num_answers must be at least 2, got 1"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"beta": -0.1}, "beta must be finite and not negative, got -0.1"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive and finite, got 0.0"),
        ({"loss_type": "ppo"}, "loss_type"),
        ({"scale_rewards": "all"}, "scale_rewards"),
        ({"precision": "float16"}, "precision"),
        ({"temperature": 0.0}, "temperature"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        Settings(**change)


COUNTS = ("steps", "batch_size", "accumulate", "num_answers", "num_iterations", "max_answer")


@pytest.mark.parametrize("name", [*COUNTS, "lora_rank", "lora_alpha"])
@pytest.mark.parametrize("number", [0, 1.5])
def test_counts_are_positive_integers(name, number):
    with pytest.raises(ValueError, match=f"{name} must be a positive integer, got {number}"):
        Settings(**{name: number})


@pytest.mark.parametrize("name", ["save_every", "passes_per_batch", "warmup_steps", "seed"])
def test_counts_that_may_be_0(name):
    assert getattr(Settings(**{name: 0}), name) == 0
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 0, got -2"):
        Settings(**{name: -2})


def test_groups_must_fill_what_is_drawn_together():
    settings = Settings(batch_size=3, num_answers=2)
    with pytest.raises(ValueError, match=r"num_answers must divide the 3 answers .*, got 2"):
        require_whole_groups(settings, 8, 1)
    require_whole_groups(settings, 3, 2)  # 2 x 3 answers are three groups of two
    require_whole_groups(Settings(batch_size=3, num_answers=2, accumulate=2), 3, 1)


def test_a_drawing_needs_as_many_prompts_as_groups():
    settings = Settings(batch_size=4, num_answers=2, accumulate=3)
    require_whole_groups(settings, 12, 2)  # 4 x 2 x 3 / 2
    with pytest.raises(ValueError, match=r"prompts must be at least 12, .* got 11"):
        require_whole_groups(settings, 11, 2)


def test_dpo_has_no_groups():
    require_whole_groups(Settings(method="dpo", batch_size=3, num_answers=2), 1, 1)
