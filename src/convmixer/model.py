r"""
---
title: The model
summary: >
  ConvMixer in PyTorch, part by part, with the paper's equations beside the code.
---

# ConvMixer

A Vision Transformer cuts the image into patches and mixes them with attention. The
paper [Patches Are All You Need?](https://arxiv.org/abs/2201.09792) [@trockman2022] asks
which of the two earns the accuracy. ConvMixer is its test: it keeps the patches, and
replaces everything else with plain convolutions.

![ConvMixer: patch embedding, d layers, head](../../docs/figures/convmixer.svg "The ConvMixer architecture.")

The model is three parts in a row, and this page follows them:

* The [patch embedding](#PatchEmbedding) turns each patch of the image into one token, a
  vector of $h$ numbers.
* Then come $d$ [ConvMixer layers](#ConvMixerLayer). Each mixes the tokens across space,
  channel by channel, and then mixes the channels, token by token. Nothing is pooled on
  the way: every layer takes and returns the same shape.
* The [classification head](#ClassificationHead) averages the tokens and reads the class
  off the average.

[ConvMixer](#ConvMixer) puts them together. The published models, by name, are
[variants](variants.py) of it, and so are those with another normalization or other
residual connections.

| symbol | name in the code | meaning |
| --- | --- | --- |
| $h$ | `width` | numbers in a token, which is also the channels of every layer |
| $d$ | `depth` | number of ConvMixer layers |
| $k$ | `kernel_size` | side of the depthwise convolution's window, in tokens |
| $p$ | `patch_size` | side of a patch, in pixels |
| $c$ | `in_channels` | channels of the image, 3 for RGB |
| $n$ | `n_classes` | number of classes |

Shapes are written `[B, h, H/p, W/p]`: a batch of $B$ images, each $H$ pixels high and
$W$ wide, after the patch embedding.
"""

from collections.abc import Callable

import torch
from torch import nn

from convmixer.depthwise import DepthwiseConv2d

# Activation and normalization are given as what makes them, such as the classes
# `nn.GELU` and `nn.BatchNorm2d`. A normalization is made for a number of channels.
Activation = Callable[[], nn.Module]
Norm = Callable[[int], nn.Module]


class PatchEmbedding(nn.Module):
    r"""
    ## Patch embedding

    $$z_0 = \mathrm{BN}\big(\sigma\big(\mathrm{Conv}_{c \to h}(
    X,\; \text{stride} = p,\; \text{kernel size} = p)\big)\big)$$

    Cutting the image into $p \times p$ patches and applying one linear map to each is a
    single convolution whose stride equals its kernel size: the windows touch and never
    overlap. Each window becomes one token of $h$ numbers.

    Where a Vision Transformer flattens its patches into a sequence, ConvMixer leaves
    the tokens on their grid. A convolution sees there which tokens are neighbors, so
    no position embedding is needed.
    """

    def __init__(
        self,
        width: int,
        patch_size: int,
        in_channels: int = 3,
        activation: Activation = nn.GELU,
        norm: Norm = nn.BatchNorm2d,
    ):
        r"""
        * `width` is the size of a token, $h$
        * `patch_size` is the side of a patch, $p$
        * `in_channels` is the number of channels of the image, $c$
        * `activation` makes the activation $\sigma$
        * `norm` makes the normalization, BN
        """
        super().__init__()
        self.patch_size = patch_size
        self.conv = nn.Conv2d(
            in_channels, width, kernel_size=patch_size, stride=patch_size
        )
        self.activation = activation()
        self.norm = norm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes `[B, c, H, W]`, returns `[B, h, H/p, W/p]`.

        Raises a `ValueError` for an image that does not divide into whole patches.
        """
        # The convolution would quietly leave out the last rows and columns of such an
        # image. Whoever resizes or crops it should decide what is lost.
        rows, columns = x.shape[-2:]
        if rows % self.patch_size or columns % self.patch_size:
            raise ValueError(
                f"an image of {rows} x {columns} pixels does not divide into patches "
                f"of {self.patch_size} x {self.patch_size}: resize or crop it first"
            )
        return self.norm(self.activation(self.conv(x)))


class ConvMixerLayer(nn.Module):
    r"""
    ## ConvMixer layer

    $$z'_l = \mathrm{BN}\big(\sigma(\mathrm{ConvDepthwise}(z_{l-1}))\big) + z_{l-1}$$

    $$z_l = \mathrm{BN}\big(\sigma(\mathrm{ConvPointwise}(z'_l))\big)$$

    A convolution usually mixes space and channels at once. Here each gets its own: the
    depthwise convolution mixes *where*, with one $k \times k$ filter for each channel,
    and the pointwise convolution mixes *what*, with one $h \times h$ matrix for all
    tokens. MLP-Mixer splits the work the same way, but its spatial mixing connects
    every token with every other, where ours sees a window of $k \times k$.

    The residual connection goes around the spatial mixing only. [Two other
    arrangements](variants.py#BothResiduals) are there to compare it with.
    """

    def __init__(
        self,
        width: int,
        kernel_size: int,
        activation: Activation = nn.GELU,
        norm: Norm = nn.BatchNorm2d,
    ):
        r"""
        * `width` is the number of channels, $h$
        * `kernel_size` is the side of the depthwise window, $k$
        * `activation` makes the activation $\sigma$
        * `norm` makes the normalization, BN
        """
        super().__init__()
        # One filter for each channel. It is an ordinary convolution with as many groups
        # as channels; [ours](depthwise.py) has a faster gradient on a CPU.
        self.depthwise = DepthwiseConv2d(width, kernel_size)
        self.depthwise_activation = activation()
        self.depthwise_norm = norm(width)
        # A kernel of one token sees no neighbors: this is one linear layer, applied to
        # every token. In the published models it holds most of the weights.
        self.pointwise = nn.Conv2d(width, width, kernel_size=1)
        self.pointwise_activation = activation()
        self.pointwise_norm = norm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes and returns `[B, h, H/p, W/p]`.
        """
        # Spatial mixing: the layer adds to each token what it gathers from the
        # neighbors.
        x = x + self.depthwise_norm(self.depthwise_activation(self.depthwise(x)))
        # Channel mixing: the token is rewritten, not added to.
        return self.pointwise_norm(self.pointwise_activation(self.pointwise(x)))


class ClassificationHead(nn.Module):
    r"""
    ## Classification head

    $$y = A \, \frac{1}{T} \sum_{t=1}^{T} z_{d,t} + b, \qquad
    T = \frac{H}{p} \cdot \frac{W}{p}$$

    The tokens are averaged, and a linear layer gives each class its score. No class
    token is needed, and the number of tokens may change: a trained model accepts images
    of other sizes than it was trained on.
    """

    def __init__(self, width: int, n_classes: int):
        """
        * `width` is the size of a token, $h$
        * `n_classes` is the number of classes, $n$
        """
        super().__init__()
        self.linear = nn.Linear(width, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes `[B, h, H/p, W/p]`, returns logits `[B, n]`.
        """
        # `[B, T, h]`, the sequence that a Transformer would work on. The mean over its
        # tokens is average pooling; written so, its gradient keeps the memory layout of
        # the layers before it.
        tokens = x.flatten(2).transpose(1, 2)
        return self.linear(tokens.mean(dim=1))


class ConvMixer(nn.Module):
    r"""
    ## ConvMixer

    $$y = \mathrm{Head}\big(\mathrm{Layer}_d(\cdots \mathrm{Layer}_1(\mathrm{Embed}(X)))\big)$$

    Four numbers describe a ConvMixer. Width and depth name it, as in ConvMixer-$h/d$;
    patch size and kernel size say how finely it looks and how far. With the channels
    $c$ of the image and the number $n$ of classes, they give its number of parameters:

    $$\underbrace{h (c p^2 + 3)}_{\text{embedding}} + d
    \underbrace{h (h + k^2 + 6)}_{\text{layer}} +
    \underbrace{(h + 1) n}_{\text{head}}$$

    A larger kernel is cheap as long as $k^2$ is small compared with $h$, and it widens
    the receptive field: after $d$ layers a token has seen a window $d (k - 1) + 1$
    tokens wide and as many high.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        kernel_size: int = 9,
        patch_size: int = 7,
        n_classes: int = 1000,
        in_channels: int = 3,
        activation: Activation = nn.GELU,
        norm: Norm = nn.BatchNorm2d,
        layer: Callable[..., nn.Module] = ConvMixerLayer,
    ):
        r"""
        * `width` is the size of a token, $h$
        * `depth` is the number of layers, $d$
        * `kernel_size` is the side of the depthwise window, $k$, odd or even
        * `patch_size` is the side of a patch, $p$
        * `n_classes` is the number of classes, $n$
        * `in_channels` is the number of channels of the image, $c$
        * `activation` makes the activation $\sigma$
        * `norm` makes the normalization, BN
        * `layer` makes a layer; [some variants](variants.py#BothResiduals) have others

        Raises a `ValueError` for a size that is not a whole number of at least 1.
        """
        super().__init__()
        check_sizes(
            width=width,
            depth=depth,
            kernel_size=kernel_size,
            patch_size=patch_size,
            n_classes=n_classes,
            in_channels=in_channels,
        )
        self.patch_embedding = PatchEmbedding(
            width, patch_size, in_channels, activation, norm
        )
        # Each layer is built, and so initialized, on its own. Copies of one layer would
        # all start from the same weights.
        self.layers = nn.Sequential(
            *(layer(width, kernel_size, activation, norm) for _ in range(depth))
        )
        self.head = ClassificationHead(width, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes images `[B, c, H, W]`, returns logits `[B, n]`.
        """
        # `[B, h, H/p, W/p]` from here to the head
        x = self.patch_embedding(x)
        x = self.layers(x)
        return self.head(x)


def check_sizes(**sizes: int) -> None:
    """
    ### Check the sizes

    PyTorch accepts some sizes that make no sense, such as a depth of 0, and its errors
    about others do not mention our arguments. Ours name the argument and its value.
    """
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            what = "a whole number of at least 1"
            raise ValueError(f"{name} must be {what}, not {size!r}")
