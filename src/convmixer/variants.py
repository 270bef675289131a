r"""
---
title: The variants
summary: >
  The models that a name or the options of a run stand for, from the published ones to
  those that ConvMixer is compared with.
---

# Variants by name

[ConvMixer](model.py) leaves its sizes open. This page names some: [the published
models](#convmixer_256_8), and the one that [the options of a run](#build) describe.
"""

from typing import Any

from torch import nn

from convmixer.model import ConvMixer
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


ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}


def build(options: Options, n_classes: int) -> nn.Module:
    """
    ## Build a model

    * `options` name the model and its sizes
    * `n_classes` is the number of classes, $n$

    Returns a model from images `[B, 3, H, W]` to logits `[B, n]`.
    """
    # Imported here, since the other models need nothing of labml-nn.
    from convmixer.baselines import MLPMixer, vision_transformer

    if options.model == "mlp_mixer":
        return MLPMixer(options, n_classes)
    if options.model == "vit":
        return vision_transformer(options, n_classes)
    model = ConvMixer(
        width=options.width,
        depth=options.depth,
        kernel_size=options.kernel_size,
        patch_size=options.patch_size,
        n_classes=n_classes,
        activation=ACTIVATIONS[options.activation],
        norm=options.norm,
        residual=options.residual,
    )
    if options.layers == "copied":
        copy_first(model.layers)
    return model


def copy_first(layers: nn.Sequential) -> None:
    """
    ### Give all layers the same first weights

    labml-nn makes the layers of its models by copying one, so they all start alike. Our
    ConvMixer draws the weights of each; this makes the other kind, to compare the two.
    """
    for layer in layers[1:]:
        layer.load_state_dict(layers[0].state_dict())
