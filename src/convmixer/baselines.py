r"""
---
title: The baselines
summary: >
  MLP-Mixer and Vision Transformer, from labml-nn, with the same patches as ConvMixer.
---

# MLP-Mixer and Vision Transformer

Whether patches are all you need shows only next to other models with patches.
[labml-nn](https://nn.labml.ai) has both that the paper compares with, annotated like
this page: [Vision Transformer](https://nn.labml.ai/transformers/vit/index.html)
[@dosovitskiy2021], which mixes the patches by attention, and
[MLP-Mixer](https://nn.labml.ai/transformers/mlp_mixer/index.html) [@tolstikhin2021],
which mixes them by one multilayer perceptron for all channels.

[`build`](variants.py#build) makes them from the options of a run, and they are trained
like ConvMixer.
"""

import torch
from labml_nn.transformers.feed_forward import FeedForward
from labml_nn.transformers.mha import MultiHeadAttention
from labml_nn.transformers.mlp_mixer import MLPMixer as TokenMixing
from labml_nn.transformers.models import TransformerLayer
from labml_nn.transformers.vit import (
    ClassificationHead,
    LearnedPositionalEmbeddings,
    PatchEmbeddings,
    VisionTransformer,
)
from torch import nn

from convmixer.recipe import Options


def tokens(options: Options) -> int:
    """
    The number of patches in an image, $T$.
    """
    return (options.image_size // options.patch_size) ** 2


def vision_transformer(options: Options, n_classes: int) -> VisionTransformer:
    """
    ## Vision Transformer

    Made of labml-nn's parts. As published, the hidden layer of a perceptron is four
    times as wide as a token. There are as many heads as possible with at least 8
    channels each. There is no dropout, since ConvMixer has none either.
    """
    width = options.width
    possible = [n for n in range(1, width // 8 + 1) if width % n == 0]
    heads = max(possible, default=1)
    layer = TransformerLayer(
        d_model=width,
        self_attn=MultiHeadAttention(heads, width, dropout_prob=0.0),
        feed_forward=perceptron(width, 4 * width),
        dropout_prob=0.0,
    )
    model = VisionTransformer(
        layer,
        options.depth,
        PatchEmbeddings(width, options.patch_size, in_channels=3),
        LearnedPositionalEmbeddings(width, max_len=tokens(options) + 1),
        ClassificationHead(width, width, n_classes),
    )
    redraw(model.transformer_layers)
    return model


class MLPMixer(nn.Module):
    """
    ## MLP-Mixer

    labml-nn provides token mixing as a replacement for attention. Inside its
    Transformer layer, after a patch embedding and before an average, it makes the
    published MLP-Mixer. The hidden layer is half as wide as a token for mixing tokens,
    and four times as wide for mixing channels.
    """

    def __init__(self, options: Options, n_classes: int):
        """
        * `options` set the sizes
        * `n_classes` is the number of classes, $n$
        """
        super().__init__()
        width, n_tokens = options.width, tokens(options)
        self.patch_embedding = PatchEmbeddings(width, options.patch_size, in_channels=3)
        self.layers = nn.ModuleList(
            TransformerLayer(
                d_model=width,
                self_attn=TokenMixing(perceptron(n_tokens, width // 2)),
                feed_forward=perceptron(width, 4 * width),
                dropout_prob=0.0,
            )
            for _ in range(options.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes images `[B, 3, H, W]`, returns logits `[B, n]`.
        """
        # `[T, B, h]` from here to the average, the order of labml-nn's Transformers
        x = self.patch_embedding(x)
        for layer in self.layers:
            x = layer(x=x, mask=None)
        return self.head(self.norm(x).mean(dim=0))


def perceptron(width: int, hidden: int) -> FeedForward:
    """
    Two linear layers with GELU between them.
    """
    return FeedForward(width, hidden, dropout=0.0, activation=nn.GELU())


def redraw(layers: nn.ModuleList) -> None:
    """
    ### Initialize each layer on its own

    labml-nn's layers are copies of one. In the comparison, every model starts from
    layers with different weights, except for the row that is about copies.
    """
    for layer in layers[1:]:
        for part in layer.modules():
            if isinstance(part, nn.Linear):
                part.reset_parameters()
