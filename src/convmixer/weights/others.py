r"""
---
title: Weights of the other models
summary: MLP-Mixer and ViT from the weights of our own runs.
---

# Weights of MLP-Mixer and ViT

The models that ConvMixer is [compared](../comparison.py) with are made of labml-nn's
parts, and only our own runs write their weights. So a file must say which model it
holds, and with which [options](../recipe.py#ModelOptions). It is believed only where
its tensors say the same.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from convmixer.recipe import Options
from convmixer.variants import build
from convmixer.weights.loading import fill, shape

# The tensors that show the sizes: those of the patch embedding, of the classifier, and
# of what depends on the number of tokens. In MLP-Mixer, that is the layer that mixes
# the tokens.
SHOWN = {
    "mlp_mixer": (
        "patch_embedding.conv.weight",
        "head.bias",
        "layers.0.self_attn.mlp.layer1.weight",
    ),
    # In ViT, only the positions depend on the number of tokens: each has a vector.
    "vit": (
        "patch_emb.conv.weight",
        "classification.linear2.bias",
        "pos_emb.positional_encodings",
    ),
}


def sizes(state: Mapping[str, torch.Tensor], kind: str) -> dict[str, Any]:
    """
    ## Read the sizes off the tensors

    * `kind` is a key of the table

    Returns the options that the tensors show. Raises a `ValueError` if one of these
    tensors is missing or has another form.
    """
    embedding, _, counted = SHOWN[kind]
    width, _, patch_size, _ = shape(state, embedding, 4)
    if kind == "mlp_mixer":
        _, n_tokens = shape(state, counted, 2)
    else:
        # One position is that of the class token.
        n_tokens = shape(state, counted, 3)[0] - 1
    # The layers are numbered in the names of their tensors.
    prefix = "layers." if kind == "mlp_mixer" else "transformer_layers."
    layers = {name.split(".")[1] for name in state if name.startswith(prefix)}
    # Images are square, and so is the grid of their tokens.
    return {
        "model": kind,
        "width": width,
        "depth": len(layers),
        "patch_size": patch_size,
        "image_size": patch_size * round(n_tokens**0.5),
    }


def rebuild(
    state: Mapping[str, torch.Tensor], stated: Mapping[str, Any]
) -> tuple[nn.Module, dict[str, Any], int]:
    """
    ## Build the model

    * `state` is the state dict
    * `stated` are the options in the file

    Returns the model with its weights, its sizes, and the number of its classes. Raises
    a `ValueError` if the options are others than the tensors show, or if a tensor is
    missing, unknown, or of the wrong shape.
    """
    kind = stated["model"]
    found = sizes(state, kind)
    for name, value in found.items():
        if stated.get(name, value) != value:
            raise ValueError(
                f"its options say {name} {stated[name]!r}, its tensors {value!r}"
            )
    _, last, _ = SHOWN[kind]
    shape(state, last, 1)
    # Without values, as for [ConvMixer](loading.py#build)
    with torch.device("meta"):
        model = build(Options(**found), len(state[last]))
    fill(model, state)
    return model, found, len(state[last])
