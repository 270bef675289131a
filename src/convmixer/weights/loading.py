r"""
---
title: Loading weights
summary: A trained model from a file of weights, a ConvMixer of anyone's or any of ours.
---

# Loading weights

[`load`](#load) makes a model of a file of weights, be they ours, timm's, the authors'
or labml-nn's. [The prediction](../predict.py) and [the export](../export.py) start with
it:

```
trained = load(Path("runs/digits"))
logits = trained.model(images)
```

It [reads the file](files.py), finds out from [the names of the tensors](names.py) whose
they are, and reads the architecture off their shapes, as far as they show it. [MLP-Mixer
and ViT](others.py) can be loaded too, if our runs trained them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convmixer.errors import ExperimentError
from convmixer.recipe import NAMES
from convmixer.variants import make_convmixer
from convmixer.weights.files import WeightsError, newest_checkpoint, read, unwrap
from convmixer.weights.names import count_layers, to_ours, whose

# What our files say about their weights
DESCRIPTION = ("options", "classes", "mean", "std")
# Pixels of a side. A small file could say that its images are huge, and an image that
# is enlarged to that would fill the memory.
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Trained:
    """
    ## A trained model

    The content of a file of weights, ready for use.
    """

    # On the CPU, in evaluation mode
    model: nn.Module
    # Its architecture, by the names of the experiment's options
    options: dict[str, Any]
    # The names of the classes, and the mean and standard deviation that each channel
    # was normalized with, if the file has them. Ours do.
    classes: list[str] | None
    mean: list[float] | None
    std: list[float] | None
    # Whose names the tensors had, a key of the table
    naming: str
    # The number of classes, $n$
    n_classes: int

    @property
    def in_channels(self) -> int:
        """
        The channels of the images, $c$
        """
        parts = self.model.modules()
        return next(part for part in parts if isinstance(part, nn.Conv2d)).in_channels

    @property
    def image_size(self) -> int:
        """
        The side of the images that it was trained on, in pixels. Weights that do not
        say are taken to be for the digits or CIFAR-10.
        """
        return self.options.get("image_size", 32)

    def name(self) -> str:
        """
        Returns the name of the model as the paper writes it, with width and depth.
        """
        name = NAMES[self.options["model"]]
        return f"{name}-{self.options['width']}/{self.options['depth']}"

    def description(self) -> dict[str, Any]:
        """
        Returns what our files say about their weights, in types that JSON can hold.
        """
        return {name: getattr(self, name) for name in DESCRIPTION}

    def check_image_size(self, image_size: int) -> None:
        """
        Raises an `ExperimentError` for a size that does not divide into whole patches,
        or for one that MLP-Mixer and ViT were not trained on. The model would notice
        too, but its error could not mention `--image-size`.
        """
        if self.options["model"] != "convmixer" and image_size != self.image_size:
            raise ExperimentError(
                f"{self.name()} takes only images of the size that it was trained on: "
                f"--image-size {self.image_size}, not {image_size}"
            )
        patch_size = self.options["patch_size"]
        if image_size % patch_size:
            raise ExperimentError(
                f"images of {image_size} x {image_size} pixels do not divide into the "
                f"model's patches of {patch_size} x {patch_size}: choose a multiple of "
                f"{patch_size} with --image-size, such as {16 * patch_size}"
            )


def load(path: Path) -> Trained:
    """
    ## Load a file of weights

    * `path` is a file that PyTorch or safetensors wrote, or the folder of a run, for
      its newest checkpoint

    Raises a `WeightsError` for a file that holds no model that we know, or that would
    run a program when it is read.
    """
    file = newest_checkpoint(path) if path.is_dir() else path
    content = read(file)
    try:
        state = unwrap(content)
        return build(state, content if content.keys() >= set(DESCRIPTION) else {})
    except ValueError as error:
        raise WeightsError(
            f"{file} holds no model that can be loaded: {error}"
        ) from error


def build(state: Mapping[str, torch.Tensor], description: Mapping[str, Any]) -> Trained:
    """
    ## Build a model for the weights

    * `state` is a state dict, with anyone's names
    * `description` is what a file of ours says about its weights, and empty for others

    Raises a `ValueError` if the parts do not fit together.
    """
    stated = description.get("options", {})
    if not isinstance(stated, Mapping):
        raise ValueError(f"its options are {stated!r}")
    kind = stated.get("model", "convmixer")
    if kind in ("mlp_mixer", "vit"):
        # Imported here, since they need labml-nn
        from convmixer.weights.others import rebuild

        model, options, n_classes = rebuild(state, stated)
        return trained(model, options, description, 3, n_classes, "ours")
    if kind != "convmixer":
        raise ValueError(f"it holds another model, {kind!r}")

    naming, ours = whose(state), to_ours(state)
    options = architecture(ours, naming, stated)
    _, in_channels, _, _ = shape(ours, "patch_embedding.conv.weight", 4)
    n_classes, _ = shape(ours, "head.linear.weight", 2)
    # On the device `meta` tensors have shapes but no values, so no weights are
    # initialized only to be replaced.
    with torch.device("meta"):
        model = make_convmixer(
            width=options["width"],
            depth=options["depth"],
            kernel_size=options["kernel_size"],
            patch_size=options["patch_size"],
            n_classes=n_classes,
            in_channels=in_channels,
            activation=options["activation"],
            norm=options["norm"],
            residual=options["residual"],
        )
    fill(model, ours)
    return trained(model, options, description, in_channels, n_classes, naming)


def trained(
    model: nn.Module,
    options: dict[str, Any],
    description: Mapping[str, Any],
    in_channels: int,
    n_classes: int,
    naming: str,
) -> Trained:
    """
    Returns the model with what its file says about it. Raises a `ValueError` if that
    does not fit the numbers of channels and of classes.
    """
    return Trained(
        model=model,
        options=options,
        classes=listed(description, "classes", str, n_classes),
        mean=listed(description, "mean", float, in_channels),
        std=listed(description, "std", float, in_channels),
        naming=naming,
        n_classes=n_classes,
    )


def architecture(
    state: Mapping[str, torch.Tensor], naming: str, stated: Mapping[str, Any]
) -> dict[str, Any]:
    """
    ### Read the architecture off the tensors

    * `state` has our names, and `naming` says whose it had
    * `stated` are the options in a file of ours, which must agree with the tensors

    Three things leave no trace in the tensors. Only options tell the size of the
    images. Residual connections are the paper's
    unless the options say otherwise. Of the published models, only 768/32 has ReLU, so
    weights of that shape get it, and all others GELU; labml-nn's always have GELU.
    """
    width, _, patch_size, _ = shape(state, "patch_embedding.conv.weight", 4)
    _, _, kernel_size, _ = shape(state, "layers.0.depthwise.weight", 4)
    depth = count_layers(state)
    batch = "patch_embedding.norm.running_mean" in state
    deep = (width, depth, kernel_size, patch_size) == (768, 32, 7, 7)
    relu = deep and not stated and naming != "labml-nn"
    found = {
        "model": "convmixer",
        "width": width,
        "depth": depth,
        "kernel_size": kernel_size,
        "patch_size": patch_size,
        "norm": "batch" if batch else "layer",
        "residual": stated.get("residual", "depthwise"),
        "activation": stated.get("activation", "relu" if relu else "gelu"),
    }
    for name, value in found.items():
        if stated.get(name, value) != value:
            raise ValueError(
                f"its options say {name} {stated[name]!r}, its tensors {value!r}"
            )
    # Any size fits the tensors, but the answers are right only for the one that the
    # model was trained on.
    if "image_size" in stated:
        size = found["image_size"] = stated["image_size"]
        if type(size) is not int or not 1 <= size <= LARGEST_SIDE:
            raise ValueError(f"its options say image_size {size!r}")
    return found


def fill(model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """
    ### Fill the model with the weights

    Raises a `ValueError` for a tensor that is missing, unknown, or of the wrong shape.
    """
    filled = {}
    for name, empty in model.state_dict().items():
        # The number of batches seen no longer matters, and old files do not have it.
        if name.endswith("num_batches_tracked") and name not in state:
            filled[name] = torch.tensor(0)
            continue
        shape(state, name, empty.dim())
        filled[name] = fitted(name, state[name], empty)
    surplus = sorted(state.keys() - filled.keys())
    if surplus:
        raise ValueError(f"{surplus[0]} has no place in the model")
    model.load_state_dict(filled, assign=True)
    model.eval()


def fitted(name: str, found: torch.Tensor, empty: torch.Tensor) -> torch.Tensor:
    """
    Returns the tensor as float32 and in the usual memory layout, so that the same
    weights give the same outputs, bit for bit.
    """
    same_kind = found.is_floating_point() == empty.is_floating_point()
    if found.shape != empty.shape or not same_kind or found.layout != torch.strided:
        raise ValueError(
            f"{name} is {list(found.shape)} of {found.dtype}, where "
            f"{list(empty.shape)} of {empty.dtype} fits"
        )
    return found.to(empty.dtype).clone(memory_format=torch.contiguous_format)


def shape(
    state: Mapping[str, torch.Tensor], name: str, dimensions: int
) -> tuple[int, ...]:
    """
    Returns the shape of a tensor, which must exist and have this many dimensions.
    """
    if name not in state:
        raise ValueError(f"a tensor is missing, {name}")
    found = tuple(state[name].shape)
    if len(found) != dimensions:
        raise ValueError(f"{name} has {len(found)} dimensions, not {dimensions}")
    return found


def listed(
    description: Mapping[str, Any], name: str, kind: type, length: int
) -> list[Any] | None:
    """
    Returns a list of the description, if there is one, of the right type and length.
    """
    found = description.get(name)
    if found is None:
        return None
    whole = isinstance(found, list) and all(isinstance(one, kind) for one in found)
    if not whole or len(found) != length:
        raise ValueError(f"its {name} are {found!r}, where {length} would fit")
    return found
