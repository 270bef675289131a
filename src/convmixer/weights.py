r"""
---
title: The weights
summary: Weights that were trained elsewhere, renamed for our ConvMixer.
---

# Weights from elsewhere

A trained ConvMixer is a dictionary from names to tensors, its state dict. The tensors
of the authors' models, of timm's and of [ours](model.py) are alike, and only the names
differ, since each program names its parts in its own way. [`to_ours`](#to_ours) finds
out which names it is given and puts ours in their place:

```
model = convmixer_1536_20()
model.load_state_dict(to_ours(state))
```

The [table of names](#NAMES) is all that it needs to know. The rest of the page spells
it out for a model of a given depth, and says what is wrong with a name that is not in
it.
"""

import difflib
from collections.abc import Mapping

import torch

# What each calls the parts of the model, in the same order. The authors write the model
# as one `nn.Sequential`, whose parts have numbers: three for the embedding, one for
# each of the $d$ layers, two for pooling and flattening, and the classifier.
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
    "timm": (
        "stem.0",
        "stem.2",
        "blocks.{layer}.0.fn.0",
        "blocks.{layer}.0.fn.2",
        "blocks.{layer}.1",
        "blocks.{layer}.3",
        "head",
    ),
    "authors": (
        "0",
        "2",
        "{place}.0.fn.0",
        "{place}.0.fn.2",
        "{place}.1",
        "{place}.3",
        "{last}",
    ),
}
# What a part can hold. Convolutions and the classifier have the first two, batch
# normalization has all.
TENSORS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def to_ours(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """
    ## Rename a state dict

    * `state` is a state dict of timm's ConvMixer, of the authors', or of ours, which
      comes back as it is

    A name that is not in the table is a `ValueError`, which says the nearest one that
    is.
    """
    # Every convolution has a filter of four dimensions: one for the embedding, two for
    # each layer.
    depth = (sum(tensor.dim() == 4 for tensor in state.values()) - 1) // 2
    tables = {naming: table(naming, depth) for naming in NAMES}
    # The naming that knows the most of the given names is taken to be theirs.
    naming = max(tables, key=lambda naming: len(tables[naming].keys() & state.keys()))
    ours = tables[naming]

    for name in state:
        if name not in ours:
            raise ValueError(unknown(name, naming, list(ours)))
    return {ours[name]: tensor for name, tensor in state.items()}


def table(naming: str, depth: int) -> dict[str, str]:
    """
    ### Spell out the names

    * `naming` is a key of the table
    * `depth` is the number of layers, $d$

    Returns our name of each tensor by theirs.
    """
    ours = {}
    for their_part, our_part in zip(NAMES[naming], NAMES["ours"], strict=True):
        for layer in range(depth if "{layer}" in our_part else 1):
            numbers = {"layer": layer, "place": layer + 3, "last": depth + 5}
            for tensor in TENSORS:
                their_name = f"{their_part.format(**numbers)}.{tensor}"
                ours[their_name] = f"{our_part.format(**numbers)}.{tensor}"
    return ours


def unknown(name: str, naming: str, known: list[str]) -> str:
    """
    ### What to say of an unknown name
    """
    (nearest,) = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return (
        f"no tensor of a ConvMixer is called {name!r}; the nearest name is "
        f"{nearest!r}, going by the names of {naming}"
    )
