"""Every change of a batch against torchvision's of one image, and chance that is shared."""

import math
from dataclasses import replace
from itertools import permutations, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pretended import PretendedCuda
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from convmixer import augment, data
from convmixer.augment import (
    Augmentation,
    BatchGenerator,
    enlarge,
    erase,
    jitter,
    mirror,
    mixing,
    normalize,
    rectangles,
    shift,
)
from convmixer.data import Images, digits, together
from convmixer.devices.machine import Machine
from convmixer.rand_augment import OPERATIONS, grouped, rand_augment
from convmixer.recipe import PRESETS, Options
from convmixer.training import epoch_batches

MEAN, STD = [0.49, 0.48, 0.44], [0.25, 0.24, 0.26]
SPACE = v2.RandAugment._AUGMENTATION_SPACE

EVERYTHING = Options(
    shift=4,
    scale=0.3,
    flip=0.5,
    augment_operations=2,
    augment_magnitude=15,
    jitter=0.4,
    erasing=0.5,
)


def noise(n_images: int, size: int, seed: int = 0) -> torch.Tensor:
    """Images that are rough on the left and smooth on the right, dim or bright."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.rand(n_images, 3, size, size, generator=generator)
    half = size // 2
    slope = torch.linspace(0, 1, size - half)
    pixels[..., half:] = pixels[..., :1, half : half + 1] * slope * 0.5 + 0.3
    low, high = torch.rand(2, n_images, 3, 1, 1, generator=generator).sort(dim=0).values
    return (255 * (low + pixels * (high - low))).round().to(torch.uint8)


def levels(one: torch.Tensor, other: torch.Tensor) -> int:
    """By how much two images of bytes differ at most."""
    assert one.dtype == other.dtype == torch.uint8
    assert one.shape == other.shape
    return int((one.int() - other.int()).abs().max())


@pytest.mark.parametrize("padding", [1, 2, 4])
def test_shifting_is_torchvisions_padding_and_cropping(padding):
    places = list(product(range(2 * padding + 1), repeat=2))
    images = noise(len(places), 16)
    top, left = torch.tensor(places).T
    shifted = shift(images, top, left, padding)
    assert len(shifted) == len(places) == (2 * padding + 1) ** 2
    for image, ours, (i, j) in zip(images, shifted, places, strict=True):
        theirs = tv.crop(tv.pad(image, [padding] * 4), i, j, 16, 16)
        assert torch.equal(ours, theirs)


def test_shifting_by_the_padding_changes_nothing():
    images = noise(3, 32)
    assert torch.equal(shift(images, torch.full((3,), 4), torch.full((3,), 4), 4), images)


@settings(max_examples=20)
@given(size=st.sampled_from([8, 32, 33]), seed=st.integers(0, 1000))
def test_enlarging_is_torchvisions_resized_crop(size, seed):
    """For squares of all sides. Rounding halves may differ by a level."""
    generator = torch.Generator().manual_seed(seed)
    side = torch.arange(1, size + 1)
    room = size - side + 1
    top, left = (torch.rand(2, size, generator=generator) * room).long()
    images = noise(size, size, seed)
    enlarged = enlarge(images, top, left, side)
    for n in range(size):
        square = [int(top[n]), int(left[n]), int(side[n]), int(side[n])]
        theirs = tv.resized_crop(images[n], *square, [size, size], antialias=True)
        assert levels(enlarged[n], theirs) <= 1
    # The whole image is left as it is.
    assert torch.equal(enlarged[-1], images[-1])


def test_mirroring_is_torchvisions_and_spares_the_others():
    images = noise(4, 32)
    mirrored = mirror(images, torch.tensor([True, False, True, False]))
    assert torch.equal(mirrored[::2], tv.horizontal_flip(images[::2]))
    assert torch.equal(mirrored[1::2], images[1::2])


def augment_at_random(images, operations, negative, magnitude):
    groups = grouped(operations, negative, magnitude, images.shape[-1])
    return rand_augment(images, groups.order, groups.matrices, groups)


def by_torchvision(image: torch.Tensor, name: str, magnitude: int, negative: bool):
    """What `v2.RandAugment` does with an operation when chance has spoken."""
    magnitudes, signed = SPACE[name]
    strengths = magnitudes(31, *image.shape[-2:])
    strength = 0.0 if strengths is None else float(strengths[magnitude])
    if signed and negative:
        strength = -strength
    transform = v2.RandAugment()
    return transform._apply_image_or_video_transform(
        image, name, strength, interpolation=transform.interpolation, fill=transform._fill
    )


def test_randaugment_has_torchvisions_operations():
    assert len(OPERATIONS) == len(SPACE) == 14
    assert [signed for *_, signed in OPERATIONS] == [signed for _, signed in SPACE.values()]


@pytest.mark.parametrize("size", [32, 48])
@pytest.mark.parametrize("number", range(14), ids=list(SPACE))
def test_every_operation_of_randaugment_is_torchvisions(number, size):
    """At all 31 strengths, in both directions, to the last bit."""
    name = list(SPACE)[number]
    images = noise(2, size)
    for magnitude in range(31):
        changed = augment_at_random(
            images, torch.full((2,), number), torch.tensor([False, True]), magnitude
        )
        assert len(changed) == 2
        for image, ours, negative in zip(images, changed, (False, True), strict=True):
            theirs = by_torchvision(image, name, magnitude, negative)
            assert torch.equal(ours, theirs), (magnitude, negative, levels(ours, theirs))


@settings(max_examples=20)
@given(
    drawn=st.lists(st.tuples(st.integers(0, 13), st.booleans()), min_size=1, max_size=20),
    magnitude=st.integers(0, 30),
    seed=st.integers(0, 1000),
)
def test_images_that_share_an_operation_do_not_mind(drawn, magnitude, seed):
    images = noise(len(drawn), 16, seed)
    before = images.clone()
    operations, negative = (torch.tensor(column) for column in zip(*drawn, strict=True))
    changed = augment_at_random(images, operations, negative, magnitude)
    assert torch.equal(images, before)
    for image, ours, (number, backwards) in zip(images, changed, drawn, strict=True):
        assert torch.equal(ours, by_torchvision(image, list(SPACE)[number], magnitude, backwards))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_jitter_is_torchvisions_in_every_order(order):
    adjust = [tv.adjust_brightness, tv.adjust_contrast, tv.adjust_saturation]
    factors = torch.rand(24, 3, generator=torch.Generator().manual_seed(1)) * 2
    factors[0] = 1
    images = noise(24, 32)
    jittered = jitter(images, factors, torch.tensor(order).expand(24, -1))
    for image, ours, own in zip(images, jittered, factors.tolist(), strict=True):
        theirs = image
        # A level in an early change can be two levels after a contrast above 1, so each
        # change starts from the same image.
        for turn, number in enumerate(order):
            alone = torch.tensor([[number, *(n for n in range(3) if n != number)]])
            factor = torch.ones(1, 3)
            factor[0, number] = own[number]
            one = jitter(theirs[None], factor, alone)[0]
            theirs = adjust[number](theirs, own[number])
            assert levels(one, theirs) <= 1, (turn, number)
        assert (ours.int() - theirs.int()).abs().float().mean() < 0.1
        assert levels(ours, theirs) <= 4
    assert levels(jittered[0], images[0]) == 0


def test_images_with_orders_of_their_own_are_jittered_in_them():
    images = noise(6, 16)
    orders = torch.tensor(list(permutations(range(3))))
    factors = torch.tensor([[0.7, 1.6, 0.4]]).expand(6, -1)
    together = jitter(images, factors, orders)
    for n in range(6):
        alone = jitter(images[n : n + 1], factors[:1], orders[n : n + 1])[0]
        assert torch.equal(together[n], alone)


@settings(max_examples=25)
@given(st.data())
def test_erasing_is_torchvisions(data):
    images = torch.randn(4, 3, 16, 16)
    height, width = (data.draw(st.tuples(*[st.integers(0, 16)] * 4)) for _ in range(2))
    top = [data.draw(st.integers(0, 16 - side)) for side in height]
    left = [data.draw(st.integers(0, 16 - side)) for side in width]
    erased = erase(images, *(torch.tensor(values) for values in (top, left, height, width)))
    for n in range(4):
        place = top[n], left[n], height[n], width[n]
        assert torch.equal(erased[n], tv.erase(images[n], *place, v=torch.zeros(3, 1, 1)))


@pytest.mark.parametrize("size", [32, 224])
def test_rectangles_are_as_large_and_as_long_as_torchvisions(size):
    torch.manual_seed(0)
    top, left, height, width = rectangles(BatchGenerator(20_000), size, 0.2)
    drawn = height > 0
    assert drawn.float().mean() == pytest.approx(0.2, abs=0.015)
    for start, side in ((top, height), (left, width)):
        assert start.min() >= 0
        assert (start + side).max() <= size
        assert side.max() < size
        # Both ends of the image are reached.
        assert (start[drawn] == 0).any()
        assert (start + side)[drawn].max() == size
    height, width = height[drawn].double(), width[drawn].double()
    assert min(height.min(), width.min()) >= 1
    # Sides were rounded to whole pixels, each by half a pixel at most.
    least, most = (height - 0.5) * (width - 0.5), (height + 0.5) * (width + 0.5)
    assert (most >= 0.02 * size**2).all()
    assert (least <= 0.33 * size**2).all()
    assert ((height + 0.5) / (width - 0.5) >= 0.3).all()
    assert ((height - 0.5) / (width + 0.5) <= 3.3).all()
    # The same distribution as torchvision's, measured by its mean area and shape
    theirs = v2.RandomErasing()
    image = [torch.zeros(3, size, size)]
    params = [theirs.make_params(image) for _ in range(2000)]
    areas = torch.tensor([float(one["h"] * one["w"]) for one in params])
    assert (height * width).mean() == pytest.approx(areas.mean().item(), rel=0.05)
    ratios = torch.tensor([math.log(one["h"] / one["w"]) for one in params])
    assert (height / width).log().mean() == pytest.approx(ratios.mean().item(), abs=0.06)


@pytest.mark.parametrize(("probability", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_rectangles_come_never_or_always(probability, share):
    height = rectangles(BatchGenerator(500), 32, probability)[2]
    assert (height > 0).float().mean() == share


@settings(max_examples=30)
@given(
    n_images=st.integers(1, 40),
    size=st.integers(1, 4),
    high=st.integers(0, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_shares_of_processes_make_the_whole_batch(n_images, size, high, seed):
    def draw(generator: BatchGenerator) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        return [
            generator.uniform(-1, 1),
            generator.integers(0, high),
            generator.happens(0.5),
            generator.permutations(3),
            generator.uniform(),
        ]

    whole = draw(BatchGenerator(n_images))
    shares = [draw(BatchGenerator(n_images, slice(rank, None, size))) for rank in range(size)]
    for number, values in enumerate(whole):
        assert len(values) == n_images
        woven = torch.empty_like(values)
        for rank in range(size):
            woven[rank::size] = shares[rank][number]
        assert torch.equal(woven, values)
    assert whole[1].min() >= 0
    assert whole[1].max() <= high
    assert whole[3].sort(dim=1).values.tolist() == [[0, 1, 2]] * n_images


def test_both_ends_occur_and_all_numbers_are_as_likely():
    torch.manual_seed(0)
    generator = BatchGenerator(40_000)
    counts = torch.bincount(generator.integers(0, 3), minlength=4)
    assert len(counts) == 4
    assert (counts / 10_000 - 1).abs().max() < 0.05
    high = torch.arange(40_000) % 3
    drawn = generator.integers(0, high)
    assert [drawn[high == most].unique().tolist() for most in range(3)] == [[0], [0, 1], [0, 1, 2]]
    orders = {tuple(order) for order in generator.permutations(3).tolist()}
    assert orders == set(permutations(range(3)))
    assert generator.happens(0.3).float().mean() == pytest.approx(0.3, abs=0.01)


class Largest(BatchGenerator):
    """The chance in which every draw comes out as high as it can."""

    def uniform(self, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return torch.full((self.images,), low + (1 - 2**-24) * (high - low))[self.share]


@pytest.mark.parametrize("high", [*range(0, 40), 127, 128, 223, 224, 255, 256])
def test_a_whole_number_is_never_above_its_end(high):
    assert Largest(1).integers(0, high).item() == high


def augmented(options: Options, images: torch.Tensor, rank: int, size: int) -> torch.Tensor:
    torch.manual_seed(7)
    share = slice(rank, None, size)
    augment = Augmentation(options, MEAN, STD)
    return augment(images[share], BatchGenerator(len(images), share))


@pytest.mark.parametrize("size", [2, 3])
def test_processes_change_their_shares_as_one_would_the_whole(size):
    images = noise(37, 32)
    whole = augmented(EVERYTHING, images, 0, 1)
    assert whole.isfinite().all()
    for rank in range(size):
        assert torch.equal(augmented(EVERYTHING, images, rank, size), whole[rank::size])


@pytest.mark.parametrize("preset", ["cifar10-100", "cifar10-best"])
def test_the_presets_change_shares_alike_too(preset):
    images = noise(20, 32)
    whole = augmented(PRESETS[preset], images, 0, 1)
    for rank in range(2):
        assert torch.equal(augmented(PRESETS[preset], images, rank, 2), whole[rank::2])


def test_a_seed_decides_all_of_it_and_the_images_are_left_alone():
    images = noise(20, 32)
    before = images.clone()
    first, again = (augmented(EVERYTHING, images, 0, 1) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(images, before)
    torch.manual_seed(8)
    other = Augmentation(EVERYTHING, MEAN, STD)(images, BatchGenerator(20))
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    "change",
    [
        {"shift": 4},
        {"scale": 0.5},
        {"flip": 1.0},
        {"augment_operations": 1},
        {"jitter": 0.5},
        {"erasing": 1.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_option_switches_its_own_change_on(change):
    off = Options(shift=0)
    images = noise(30, 32)
    plain = normalize(images, MEAN, STD)
    assert torch.equal(augmented(off, images, 0, 1), plain)
    changed = augmented(replace(off, **change), images, 0, 1)
    assert (changed != plain).flatten(1).any(dim=1).float().mean() > 0.5


def test_image_files_are_not_cropped_a_second_time():
    options = replace(Options(shift=0, scale=0.1), dataset="imagefolder", image_size=28)
    images = noise(6, 28)
    plain = normalize(images, MEAN, STD)
    assert torch.equal(augmented(options, images, 0, 1), plain)


def test_normalizing_is_torchvisions():
    images = noise(5, 32)
    ours = normalize(images, MEAN, STD)
    scaled = v2.functional.to_dtype(images, torch.float32, scale=True)
    torch.testing.assert_close(ours, v2.Normalize(MEAN, STD)(scaled), atol=1e-6, rtol=1e-6)
    assert ours.is_contiguous(memory_format=torch.channels_last)


def test_mirror_images_come_as_often_as_asked():
    images = noise(2000, 8)
    options = Options(shift=0, flip=0.3)
    changed = augmented(options, images, 0, 1)
    plain = normalize(images, MEAN, STD)
    turned = (changed == plain.flip(-1)).flatten(1).all(dim=1)
    still = (changed == plain).flatten(1).all(dim=1)
    assert (turned | still).all()
    assert turned.float().mean() == pytest.approx(0.3, abs=0.04)


def test_every_operation_occurs_in_both_directions(monkeypatch):
    drawn = []

    def note(operations, negative, magnitude, side):
        drawn.append((operations, negative, magnitude))
        return grouped(operations, negative, magnitude, side)

    monkeypatch.setattr(augment, "grouped", note)
    options = Options(shift=0, augment_operations=2, augment_magnitude=12)
    augmented(options, noise(7000, 4), 0, 1)
    assert len(drawn) == 2
    for operations, negative, magnitude in drawn:
        assert magnitude == 12
        counts = torch.bincount(operations, minlength=14)
        assert len(counts) == 14
        assert (counts - 500).abs().max() < 5 * math.sqrt(500)
        assert negative.float().mean() == pytest.approx(0.5, abs=0.03)
        for number in range(14):
            assert len(negative[operations == number].unique()) == 2
    # The two operations of an image are drawn apart.
    assert (drawn[0][0] == drawn[1][0]).float().mean() == pytest.approx(1 / 14, abs=0.02)


def test_squares_are_cut_out_as_torchvision_draws_them(monkeypatch):
    drawn = []

    def note(images, top, left, side):
        drawn.append((top, left, side))
        return images

    monkeypatch.setattr(augment, "enlarge", note)
    augmented(Options(shift=0, scale=0.25), torch.zeros(8000, 3, 32, 32).byte(), 0, 1)
    top, left, side = drawn[0]
    assert (side.min(), side.max()) == (16, 32)
    assert min(top.min(), left.min()) == 0
    assert max((top + side).max(), (left + side).max()) == 32
    # The area is what is drawn evenly.
    share = (side / 32) ** 2
    assert share.mean() == pytest.approx(0.625, abs=0.02)
    assert share.quantile(0.25) == pytest.approx(0.4375, abs=0.04)


def test_nothing_is_mixed_unless_asked():
    assert mixing(Options(), 10) is None


@pytest.mark.parametrize(
    "strengths", [{"mixup": 0.5}, {"cutmix": 0.5}, {"mixup": 0.5, "cutmix": 0.5}]
)
def test_mixed_labels_are_shares_of_two_classes(strengths):
    mix = mixing(Options(**strengths), 10)
    images, labels = torch.randn(16, 3, 8, 8), torch.arange(16) % 10
    torch.manual_seed(0)
    blended = 0
    for _ in range(20):
        inputs, shares = mix(images, labels)
        assert inputs.shape == images.shape
        assert shares.shape == (16, 10)
        torch.testing.assert_close(shares.sum(dim=1), torch.ones(16))
        assert ((shares > 0).sum(dim=1) <= 2).all()
        # The one is the image's own, the other its neighbour's, with the same share in all.
        own = shares[torch.arange(16), labels]
        other = shares[torch.arange(16), labels.roll(1)]
        torch.testing.assert_close(own + other, torch.ones(16))
        kept = own[0]
        torch.testing.assert_close(own, kept.expand(16))
        # CutMix copies pixels, Mixup blends them.
        copied = ((inputs == images) | (inputs == images.roll(1, 0))).all()
        if not copied:
            blended += 1
            expected = kept * images + (1 - kept) * images.roll(1, 0)
            torch.testing.assert_close(inputs, expected)
    if len(strengths) == 2:
        assert 2 < blended < 18
    else:
        assert blended >= 18 if "mixup" in strengths else blended == 0


@pytest.fixture
def pinned(monkeypatch):
    """What was pinned, without a driver to do it."""
    seen = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: seen.append(tensor) or tensor)
    return seen


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("options", [EVERYTHING, PRESETS["cifar10-25"], PRESETS["digits"]])
def test_a_batch_reaches_a_gpu_in_three_copies_at_most(options, mixed, pinned):
    options = replace(options, mixup=float(mixed), cutmix=float(mixed))
    data = digits()
    torch.manual_seed(0)
    with PretendedCuda() as cuda:
        train = Images(cuda.tensor(data.train.pixels), cuda.tensor(data.train.labels))
        machine = Machine(torch.device("cuda"), torch.float32, compiled=False)
        batches = epoch_batches(replace(data, train=train), options, machine, 0)
        batch = next(batches)
    assert batch.images.device.type == batch.labels.device.type == "cuda"
    assert batch.images.shape == (options.batch_size, 3, 32, 32)
    assert batch.images.dtype == torch.float32
    # Mixing two images gives up the layout.
    assert mixed or batch.images.is_contiguous(memory_format=torch.channels_last)
    # The indices of the images, and all chance
    assert len(cuda.copies) == len(pinned) == 2
    assert cuda.copies[0] == (options.batch_size,)


def test_image_files_reach_a_gpu_in_three_copies(pinned):
    """Which are read on the CPU, and have their classes there."""
    options = replace(EVERYTHING, batch_size=64)
    data = digits()
    with PretendedCuda() as cuda:
        machine = Machine(torch.device("cuda"), torch.float32, compiled=False)
        batch = next(epoch_batches(data, options, machine, 0))
    assert batch.images.device.type == batch.labels.device.type == "cuda"
    assert len(cuda.copies) == len(pinned) == 3


@pytest.mark.parametrize(
    "stray", [lambda: torch.tensor([1.0, 2.0], device="cuda"), lambda: torch.ones(3).to("cuda")]
)
def test_a_copy_to_the_pretended_gpu_is_counted(stray):
    with PretendedCuda() as cuda:
        assert stray().device.type == "cuda"
    assert len(cuda.copies) == 1


def test_what_travels_together_arrives_as_it_was(monkeypatch):
    """Whole numbers, truth and floats, of any shape, on a device that is not called a CPU."""
    tensors = [
        torch.tensor([0, 1, 2**24]),
        torch.tensor([[True, False]]),
        torch.rand(2, 3),
        torch.empty(0, 6),
    ]
    monkeypatch.setattr(data, "send", lambda tensor, device: tensor)
    arrived = together(tensors, torch.device("meta"))
    for one, other in zip(tensors, arrived, strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    assert together([], torch.device("meta")) == []
