r"""
---
title: Names of tensors
summary: The names that timm, the authors and labml-nn give to ConvMixer's tensors.
---

# Names of tensors

A trained ConvMixer is a state dict, a dictionary from names to tensors. The tensors of
the authors' models, of timm's, of labml-nn's and of [ours](../model.py) are the same,
and only the names differ. [`to_ours`](#to_ours) recognizes the names and replaces them
by ours:

```
model = convmixer_1536_20()
model.load_state_dict(to_ours(state))
```

The [table of names](#NAMES) is all that it needs.
"""

import difflib
from collections.abc import Mapping

import torch

# The parts of the model by each one's names, in the same order. `{layer}` counts the
# layers from 0. Only what has tensors is listed: an activation has none, nor has the
# pooling.
NAMES = {
    "ours": (
        "patch_embedding.conv",
        "patch_embedding.norm",
        "layers.{layer}.depthwise",
        "layers.{layer}.depthwise_norm",
        "layers.{layer}.pointwise",
        "layers.{layer}.pointwise_norm",
        "head.linear",
    ),
    # timm numbers the parts of a layer. 0 is the residual connection, and `fn` what it
    # goes around; 1 and 3 are the pointwise convolution and its normalization. The
    # activations are counted as well, which is why 1 is missing after `stem` and `fn`,
    # and 2 in a layer.
    "timm": (
        "stem.0",
        "stem.2",
        "blocks.{layer}.0.fn.0",
        "blocks.{layer}.0.fn.2",
        "blocks.{layer}.1",
        "blocks.{layer}.3",
        "head",
    ),
    # The authors' whole model is one `nn.Sequential`, so even the layers have numbers
    # for names: 0 to 2 are the embedding, then comes one for each of the $d$ layers,
    # then pooling, flattening, and last the classifier. Within a layer, timm's names
    # are theirs.
    "authors": (
        "0",
        "2",
        "{place}.0.fn.0",
        "{place}.0.fn.2",
        "{place}.1",
        "{place}.3",
        "{last}",
    ),
    # labml-nn names the parts by what they are, as we do. A normalization has the
    # number of the convolution that it follows.
    "labml-nn": (
        "patch_emb.conv",
        "patch_emb.norm",
        "conv_mixer_layers.{layer}.depth_wise_conv",
        "conv_mixer_layers.{layer}.norm1",
        "conv_mixer_layers.{layer}.point_wise_conv",
        "conv_mixer_layers.{layer}.norm2",
        "classification.linear",
    ),
}
# The tensors of a part. Convolutions and the classifier have the first two, batch
# normalization has all.
TENSORS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def to_ours(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """
    ## Rename a state dict

    * `state` is a state dict of timm's ConvMixer, the authors', labml-nn's, or ours,
      which is returned unchanged

    Raises a `ValueError` for a name that is not in the table, and suggests the nearest
    one.
    """
    naming = whose(state)
    ours = table(naming, count_layers(state))

    for name in state:
        if name not in ours:
            raise ValueError(unknown(name, naming, list(ours)))
    return {ours[name]: tensor for name, tensor in state.items()}


def whose(state: Mapping[str, torch.Tensor]) -> str:
    """
    ### Recognize the names

    Returns the key of the table that has most of the given names.
    """
    depth = count_layers(state)
    return max(
        NAMES, key=lambda naming: len(table(naming, depth).keys() & state.keys())
    )


def count_layers(state: Mapping[str, torch.Tensor]) -> int:
    """
    Returns the number of layers. Only the weights of convolutions have four dimensions,
    and there is one convolution in the embedding and two in each layer.
    """
    return sum(tensor.dim() == 4 for tensor in state.values()) // 2


def table(naming: str, depth: int) -> dict[str, str]:
    """
    ### List the names for a given depth

    * `naming` is a key of the table
    * `depth` is the number of layers, $d$

    Returns a dictionary from their names to ours.
    """
    ours = {}
    for their_part, our_part in zip(NAMES[naming], NAMES["ours"], strict=True):
        for layer in range(depth if "{layer}" in our_part else 1):
            # The authors' layers come after the three parts of the embedding, and their
            # classifier after pooling and flattening.
            numbers = {"layer": layer, "place": layer + 3, "last": depth + 5}
            for tensor in TENSORS:
                their_name = f"{their_part.format(**numbers)}.{tensor}"
                ours[their_name] = f"{our_part.format(**numbers)}.{tensor}"
    return ours


def unknown(name: str, naming: str, known: list[str]) -> str:
    """
    ### The error of an unknown name

    Returns its words. The nearest of the `known` names shows what may have been meant,
    and where the models differ.
    """
    (nearest,) = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return (
        f"no tensor of a ConvMixer is called {name!r}; the nearest name is "
        f"{nearest!r}, going by the names of {naming}"
    )
