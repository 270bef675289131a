"""The recorded shapes are those of the models and the augmentation as they are."""

import json

import shapes
import torch

RECORD = json.loads(shapes.FILE.read_text(encoding="utf-8"))


def test_a_new_record_is_the_stored_one():
    stored = shapes.FILE.read_text(encoding="utf-8")
    assert shapes.as_json(shapes.record()) + "\n" == stored, "run python tools/shapes.py"


def test_every_forward_that_runs_is_recorded():
    models = {"PatchEmbedding", "ConvMixerLayer", "ClassificationHead", "ConvMixer"}
    lines = RECORD["files"]["src/convmixer/model.py"]
    assert lines.keys() == {f"{name}.forward" for name in models}
    assert all(any("return" in text for text in it["lines"]) for it in lines.values()) and lines


def test_a_shape_is_that_of_a_real_tensor():
    """Without fake tensors, and without tracing: the smallest configuration."""
    sizes = shapes.sizes_of(*shapes.CONFIGURATIONS["ConvMixer-64/4, digits"])
    number = 1 + list(RECORD["configurations"]).index("ConvMixer-64/4, digits")
    model = shapes.make_convmixer(64, 4, 5, 4, 10)
    images = torch.zeros(2, 3, sizes.height, sizes.width)
    lines = RECORD["files"]["src/convmixer/model.py"]["ConvMixer.forward"]["lines"]
    tokens = model.patch_embedding(images)
    assert lines["x = self.patch_embedding(x)"][number] == str(["B", *tokens.shape[1:]]).replace(
        "'", ""
    )
    assert lines["return self.head(x)"][number] == str(["B", *model(images).shape[1:]]).replace(
        "'", ""
    )
