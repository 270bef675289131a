r"""
---
title: The models to compare with
summary: >
  MLP-Mixer and Vision Transformer, from labml-nn, cut into patches like ConvMixer.
---

# The models to compare with

Whether patches are all you need can only be seen beside models that have patches too.
[labml-nn](https://nn.labml.ai) has both of those that the paper speaks of, annotated
like this page: [Vision Transformer](https://nn.labml.ai/transformers/vit/index.html)
[@dosovitskiy2021], which mixes the patches with attention, and
[MLP-Mixer](https://nn.labml.ai/transformers/mlp_mixer/index.html) [@tolstikhin2021],
which mixes them with one multilayer perceptron for all channels.

[`build`](variants.py#build) makes a model from the options of a run, whichever it is, and all of
them go through the same [training](runs/loop.py).
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

    labml-nn's parts, put together; as published, the hidden layer of a perceptron is
    four times as wide as a token. There are as many heads as leave 8 numbers or more to
    each. Nothing is dropped out, since ConvMixer drops nothing out either.
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

    labml-nn has the mixing of tokens as something to put in the place of attention.
    With its Transformer layer around it, patches before and an average behind, it is
    the published MLP-Mixer, with hidden layers of half a token's size for the mixing of
    tokens and four times its size for that of channels.
    """

    def __init__(self, options: Options, n_classes: int):
        """
        * `options` name the sizes
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
    ### Draw new first weights

    labml-nn's layers are copies. In the comparison, every model starts from fresh
    layers, and only the row that is about copies has copies.
    """
    for layer in layers[1:]:
        for part in layer.modules():
            if isinstance(part, nn.Linear):
                part.reset_parameters()
