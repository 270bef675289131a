"""The learning rate, the decay and the average, and three real steps of every recipe."""

import copy
import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torch.optim.swa_utils import AveragedModel

from convmixer.devices.distributed import Team
from convmixer.devices.machine import choose_machine
from convmixer.errors import ExperimentError
from convmixer.images.cifar10 import cifar10
from convmixer.recipe import PRESETS, Options, Preset
from convmixer.runs.beginning import begin, load
from convmixer.runs.loop import evaluate_state, train_epoch
from convmixer.runs.options import check
from convmixer.runs.setting import Setting
from convmixer.runs.stop import StopRequest
from convmixer.training import EMA, learning_rate, make_optimizer
from convmixer.variants import build

# What the authors' log says that the learning rate was after each of 25 epochs
PUBLISHED = [
    *(0.005, 0.010, 0.015, 0.020, 0.025, 0.030, 0.035, 0.040, 0.045, 0.050),
    *(0.04525, 0.0405, 0.03575, 0.031, 0.02625, 0.0215, 0.01675, 0.012, 0.00725, 0.0025),
    *(0.002, 0.0015, 0.001, 0.0005, 0.0),
]


@given(
    progress=st.floats(0, 1),
    peak=st.floats(1e-6, 10),
    warmup=st.floats(0, 0.8),
)
def test_the_triangle_is_numpys_interpolation(progress, peak, warmup):
    options = Options(learning_rate=peak, warmup=warmup)
    check(options)
    expected = np.interp([progress], [0, warmup, 0.8, 1], [0, peak, peak / 20, 0])[0]
    assert learning_rate(progress, options) == expected
    assert 0 <= learning_rate(progress, options) <= peak


def test_the_triangle_by_hand():
    options = Options(learning_rate=0.2, warmup=0.4)
    corners = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 1]
    rates = [learning_rate(progress, options) for progress in corners]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.105, 0.01, 0.005, 0], abs=1e-12)


def test_the_authors_recipe_has_the_learning_rates_of_their_log():
    options = PRESETS["cifar10-25"]
    assert options.epochs == len(PUBLISHED) == 25
    rates = [learning_rate((epoch + 1) / 25, options) for epoch in range(25)]
    assert [round(rate, 6) for rate in rates] == PUBLISHED


@given(
    progress=st.floats(0, 1),
    peak=st.floats(1e-6, 10),
    warmup=st.floats(0, 1, exclude_max=True),
)
@example(progress=0.85, peak=1.0, warmup=0.9)
@example(progress=0.9, peak=1.0, warmup=0.9)
def test_the_cosine_rises_evenly_and_falls_along_half_a_wave(progress, peak, warmup):
    options = Options(learning_rate=peak, warmup=warmup, schedule="cosine")
    check(options)
    if progress < warmup:
        expected = peak * progress / warmup
    else:
        # Half a cosine is the square of a quarter.
        expected = peak * math.cos(math.pi / 2 * (progress - warmup) / (1 - warmup)) ** 2
    assert learning_rate(progress, options) == pytest.approx(expected, rel=1e-6, abs=1e-9 * peak)


def test_a_late_warm_up_may_only_precede_a_cosine():
    check(Options(warmup=0.8))
    check(Options(warmup=0.9, schedule="cosine"))
    for options in (Options(warmup=0.81), Options(warmup=1.0, schedule="cosine")):
        with pytest.raises(ExperimentError, match="--warmup"):
            check(options)


@pytest.mark.parametrize("model", ["convmixer", "mlp_mixer", "vit"])
@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("decay", ["matrices", "all"])
def test_every_weight_is_in_one_group_and_only_what_should_be_is_decayed(model, norm, decay):
    options = Options(
        model=model, norm=norm, decay=decay, width=8, depth=2, weight_decay=0.3, epsilon=1e-5
    )
    net = build(options, 10)
    optimizer = make_optimizer(net, options)
    assert isinstance(optimizer, torch.optim.AdamW)
    grouped = [(weight, group) for group in optimizer.param_groups for weight in group["params"]]
    assert len(grouped) == len(list(net.parameters()))
    assert {id(weight) for weight, _ in grouped} == {id(weight) for weight in net.parameters()}
    for weight, group in grouped:
        assert group["weight_decay"] == (0.3 if decay == "all" or weight.dim() > 1 else 0.0)
        assert group["eps"] == 1e-5
        assert group["lr"] == options.learning_rate


def test_without_gradients_only_the_decayed_weights_shrink():
    options = Options(width=8, depth=1, weight_decay=0.5, learning_rate=0.1)
    net = build(options, 10)
    before = copy.deepcopy(net)
    optimizer = make_optimizer(net, options)
    for weight in net.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    expected = [old * (1 - 0.1 * 0.5) if old.dim() > 1 else old for old in before.parameters()]
    assert expected
    torch.testing.assert_close(list(net.parameters()), expected)


def small_model() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))


def wandering(n_steps: int):
    """A model whose weights and statistics change in every step."""
    torch.manual_seed(0)
    model = small_model()
    model(torch.randn(4, 3, 5, 5))
    yield model
    for _ in range(n_steps):
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn_like(weight))
        model(torch.randn(4, 3, 5, 5) * 3 + 1)
        yield model


def floating(model: nn.Module) -> dict[str, torch.Tensor]:
    state = model.state_dict().items()
    return {name: value.clone() for name, value in state if value.is_floating_point()}


@pytest.mark.parametrize("kept", [0.15, 0.5, 0.999])
def test_the_average_is_the_formulas(kept):
    models = wandering(12)
    model = next(models)
    average = EMA(model, kept)
    expected = floating(model)
    for step, model in enumerate(models):
        average.update(model)
        share = min(kept, (1 + step) / (10 + step))
        for name, value in floating(model).items():
            expected[name] = share * expected[name] + (1 - share) * value
        found = floating(average.model)
        assert {name.rpartition(".")[2] for name in found} == {
            *("weight", "bias", "running_mean", "running_var")
        }
        torch.testing.assert_close(found, expected)
    assert average.steps == 12
    # By then the first weights are all but forgotten.
    assert not any(weight.requires_grad for weight in average.model.parameters())


def test_the_average_is_pytorchs_with_the_same_shares():
    def blend(mean: torch.Tensor, value: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
        # PyTorch has counted the first model too.
        share = min(0.4, int(count) / (9 + int(count)))
        return share * mean + (1 - share) * value

    models = wandering(15)
    model = next(models)
    ours = EMA(model, 0.4)
    theirs = AveragedModel(model, avg_fn=blend, use_buffers=True)
    theirs.update_parameters(model)
    for model in models:
        ours.update(model)
        theirs.update_parameters(model)
        torch.testing.assert_close(floating(ours.model), floating(theirs.module))
    assert ours.steps == 15


def test_an_average_leaves_the_model_and_its_count_of_batches_alone():
    models = wandering(3)
    model = next(models)
    average = EMA(model, 0.9)
    for model in models:
        before = copy.deepcopy(model.state_dict())
        average.update(model)
        after = model.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)
    assert model[1].num_batches_tracked == 4
    assert average.model[1].num_batches_tracked == 1


def test_an_average_goes_on_from_its_state():
    models = [copy.deepcopy(model) for model in wandering(8)]
    whole = EMA(models[0], 0.999)
    for model in models[1:]:
        whole.update(model)

    first = EMA(models[0], 0.999)
    for model in models[1:5]:
        first.update(model)
    stored = copy.deepcopy(first.state_dict())
    assert stored["steps"] == 4
    second = EMA(models[-1], 0.999)
    second.load_state_dict(stored)
    for model in models[5:]:
        second.update(model)
    assert second.steps == whole.steps == 8
    one, other = floating(second.model), floating(whole.model)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_presets_are_those_that_the_command_line_offers():
    assert list(PRESETS) == list(get_args(Preset))
    for name, options in PRESETS.items():
        assert options.preset == name
        check(options)
    assert PRESETS["digits"] == Options()


@settings(max_examples=30)
@given(
    name=st.sampled_from(list(PRESETS)),
    share=st.floats(0, 1),
)
def test_no_recipe_leaves_its_learning_rate(name, share):
    options = PRESETS[name]
    assert 0 <= learning_rate(share, options) <= options.learning_rate


def with_data(options: Options, folder, write_digits_as_cifar):
    """The recipe on a few images of its own kind, as small as three steps allow."""
    machine = choose_machine(options)
    if options.dataset == "cifar10":
        images = cifar10(folder, source=write_digits_as_cifar(folder, per_batch=4))
        return images, replace(options, batch_size=7)
    if options.dataset == "imagefolder":
        chance = np.random.default_rng(0)
        for part, name, number in np.ndindex(2, 3, 3):
            place = folder / ("train", "val")[part] / "abc"[name]
            place.mkdir(parents=True, exist_ok=True)
            pixels = chance.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.png")
        options = replace(options, data_dir=folder, batch_size=3, workers=0)
        return load(options, machine), options
    return load(options, machine), replace(options, batch_size=449)


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_takes_three_steps(name, tmp_path, write_digits_as_cifar):
    recipe = PRESETS[name]
    side = 32 if recipe.image_size == 32 else 2 * recipe.patch_size
    options = replace(recipe, width=8, depth=2, image_size=side, device="cpu")
    images, options = with_data(options, tmp_path, write_digits_as_cifar)
    check(options)
    machine = choose_machine(options)
    state = begin(options, images, machine, Team())
    setting = Setting(options, images, machine, Team(), tmp_path)
    assert setting.steps == 3
    assert (state.ema is not None) == (options.average > 0)
    before = copy.deepcopy(state.model.state_dict())

    assert train_epoch(setting, state, state.model, StopRequest())
    assert state.step == 3
    assert math.isfinite(state.loss) and state.loss > 0
    assert state.finite()
    assert [key for key, w in state.model.named_parameters() if torch.equal(w, before[key])] == []
    # The rate is that of the schedule after the third step of the first epoch.
    rate = learning_rate(1 / options.epochs, options)
    assert all(group["lr"] == rate for group in state.optimizer.param_groups)
    if options.clip:
        gradients = [weight.grad for weight in state.model.parameters()]
        assert nn.utils.get_total_norm(gradients) <= options.clip * 1.001
    if state.ema is not None:
        assert state.ema.steps == 3
        means, last = state.ema.model.state_dict(), state.model.state_dict()
        moved = [key for key in floating(state.model) if not torch.equal(means[key], before[key])]
        assert moved == list(floating(state.model))
        assert not all(torch.equal(means[key], last[key]) for key in moved)
    found = evaluate_state(setting, state)
    assert found.shape == (len(images.test.labels), len(images.classes))
    assert found.isfinite().all()


def test_the_same_seed_takes_the_same_steps(tmp_path, write_digits_as_cifar):
    """With everything that a recipe can switch on."""
    options = replace(PRESETS["cifar10-best"], width=4, depth=1, patch_size=8, device="cpu")
    images, options = with_data(options, tmp_path, write_digits_as_cifar)
    machine = choose_machine(options)
    ends = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(ends))
        seeded = replace(options, seed=seed)
        state = begin(seeded, images, machine, Team())
        setting = Setting(seeded, images, machine, Team(), tmp_path)
        train_epoch(setting, state, state.model, StopRequest())
        ends.append((state.loss, torch.cat([w.flatten() for w in state.model.parameters()])))
    assert ends[0][0] == ends[1][0] != ends[2][0]
    assert torch.equal(ends[0][1], ends[1][1])
    assert not torch.equal(ends[0][1], ends[2][1])
