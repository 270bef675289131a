r"""
---
title: The variants
summary: >
  The models that a name or the options of a run stand for, from the published ones to
  those that ConvMixer is compared with.
---

# Variants by name

[ConvMixer](model.py) leaves its sizes and parts open. This page names the choices:

* [the published models](#convmixer_256_8), each by its width and depth
* what the paper decided against, [layer normalization](#LayerNorm) and [other residual
  connections](#BothResiduals)
* the model that [the options of a run](#build) describe
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from convmixer.model import ConvMixer, ConvMixerLayer
from convmixer.recipe import Options


def convmixer_256_8(
    kernel_size: int = 5, patch_size: int = 2, n_classes: int = 10, **options: Any
) -> ConvMixer:
    """
    ## The published models

    ConvMixer-256/8 is the paper's model for CIFAR-10, whose images are 32 pixels wide.
    At $k = 5$, $p = 2$ it has 594,186 parameters; at $k = 9$, $p = 1$, where each pixel
    is a patch, 706,570.
    """
    return ConvMixer(256, 8, kernel_size, patch_size, n_classes, **options)


def convmixer_768_32(n_classes: int = 1000, **options: Any) -> ConvMixer:
    """
    Three models were published for ImageNet. ConvMixer-768/32 is deep and narrow, has
    the fewest parameters, 21,110,248, and is the only one with ReLU. Its published
    top-1 accuracy is 80.16 %.
    """
    options.setdefault("activation", nn.ReLU)
    return ConvMixer(768, 32, 7, 7, n_classes, **options)


def convmixer_1024_20(n_classes: int = 1000, **options: Any) -> ConvMixer:
    """
    ConvMixer-1024/20 cuts patches of 14 pixels, so it works on a quarter of the tokens
    that the other two have. It has 24,383,464 parameters, and a published top-1
    accuracy of 76.94 %.
    """
    return ConvMixer(1024, 20, 9, 14, n_classes, **options)


def convmixer_1536_20(n_classes: int = 1000, **options: Any) -> ConvMixer:
    """
    ConvMixer-1536/20 is the widest and the most accurate of the three. It has
    51,625,960 parameters, and a published top-1 accuracy of 81.37 %.
    """
    return ConvMixer(1536, 20, 9, 7, n_classes, **options)


class LayerNorm(nn.LayerNorm):
    r"""
    ## Layer normalization of each token

    ConvMixer normalizes over the batch. Vision Transformer and MLP-Mixer normalize each
    token over its own $h$ numbers, and so can we, to compare the two:

    $$\mathrm{LN}(x) =
    \gamma \odot \frac{x - \mu(x)}{\sqrt{\sigma^2(x) + \epsilon}} + \beta$$

    The mean $\mu$ and the variance $\sigma^2$ are those of a single token. They depend
    on no other token and no other image, so training and inference compute the same
    thing.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes and returns `[B, h, H/p, W/p]`.
        """
        # `nn.LayerNorm` works on the last dimension, so the channels go there and back.
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class BothResiduals(ConvMixerLayer):
    """
    ## Other residual connections

    The paper has one residual connection in a layer, around the depthwise convolution.
    Vision Transformer and MLP-Mixer have a second one around the mixing of channels.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes and returns `[B, h, H/p, W/p]`.
        """
        x = x + self.depthwise_norm(self.depthwise_activation(self.depthwise(x)))
        return x + self.pointwise_norm(self.pointwise_activation(self.pointwise(x)))


class NoResidual(ConvMixerLayer):
    """
    A layer can also do without any.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes and returns `[B, h, H/p, W/p]`.
        """
        x = self.depthwise_norm(self.depthwise_activation(self.depthwise(x)))
        return self.pointwise_norm(self.pointwise_activation(self.pointwise(x)))


# What the options call the parts of a model, the paper's own choice first
ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}
NORMS = {"batch": nn.BatchNorm2d, "layer": LayerNorm}
RESIDUALS = {"depthwise": ConvMixerLayer, "both": BothResiduals, "none": NoResidual}


def make_convmixer(
    *sizes: int,
    activation: str = "gelu",
    norm: str = "batch",
    residual: str = "depthwise",
    **named_sizes: int,
) -> ConvMixer:
    """
    ## Choose the parts by name

    * `sizes` and `named_sizes` are [ConvMixer's](model.py#ConvMixer)
    * `activation`, `norm` and `residual` are keys of the tables above

    Raises a `ValueError` for any other name.
    """
    return ConvMixer(
        *sizes,
        **named_sizes,
        activation=chosen(ACTIVATIONS, "activation", activation),
        norm=chosen(NORMS, "norm", norm),
        layer=chosen(RESIDUALS, "residual", residual),
    )


def chosen(table: Mapping[str, Any], option: str, name: str) -> Any:
    """
    What a table holds under a name, or an error that lists its names.
    """
    if name not in list(table):
        raise ValueError(f"{option} must be one of {tuple(table)}, not {name!r}")
    return table[name]


def build(options: Options, n_classes: int) -> nn.Module:
    """
    ## Build the model of a run

    * `options` name the model and its sizes
    * `n_classes` is the number of classes, $n$

    Returns a model from images `[B, 3, H, W]` to logits `[B, n]`.
    """
    if options.model != "convmixer":
        # Imported here, since ConvMixer needs nothing of labml-nn.
        from convmixer.baselines import MLPMixer, vision_transformer

        other = {"mlp_mixer": MLPMixer, "vit": vision_transformer}[options.model]
        return other(options, n_classes)
    model = make_convmixer(
        width=options.width,
        depth=options.depth,
        kernel_size=options.kernel_size,
        patch_size=options.patch_size,
        n_classes=n_classes,
        activation=options.activation,
        norm=options.norm,
        residual=options.residual,
    )
    if options.layers == "copied":
        copy_first(model.layers)
    return model


def copy_first(layers: nn.Sequential) -> None:
    """
    ### Start all layers from the same weights

    labml-nn builds a model by copying one layer, so all its layers start with the same
    weights. Our ConvMixer initializes each layer on its own; this function makes the
    other kind, to compare the two.
    """
    for layer in layers[1:]:
        layer.load_state_dict(layers[0].state_dict())


def multiply_adds(options: Options, n_classes: int = 10) -> int:
    """
    ### Count the multiplications

    Returns how many multiplications, each with an addition, an image takes on its way
    through the model of `options`: those of its convolutions and matrices, as PyTorch
    counts them.
    """
    # Imported here, since it takes PyTorch a while to load.
    from torch.utils.flop_counter import FlopCounterMode

    model = build(options, n_classes).eval()
    image = torch.zeros(1, 3, options.image_size, options.image_size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    # It counts the additions too.
    return counter.get_total_flops() // 2
