"""Weights of every model, tested on a data set from the command line, and started from."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, log_loss, top_k_accuracy_score

from convmixer import evaluate, experiment, export, predict
from convmixer.recipe import Options
from convmixer.runs.options import options_of
from convmixer.variants import build
from convmixer.weights import WeightsError, load

TINY = ["--width", "8", "--depth", "1", "--epochs", "1", "--batch-size", "256"]
MODELS = ("convmixer", "mlp_mixer", "vit")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each model."""
    place = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        for model in MODELS:
            words = [*TINY, "--model", model, "--runs", str(place), "--name", model]
            assert experiment.main(words) == 0
    return place


def test_the_figures_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    logits = torch.from_numpy(generator.normal(size=(300, 7)).astype(np.float32)) * 3
    labels = torch.from_numpy(generator.integers(0, 7, 300))
    found = evaluate.figures(logits, labels)
    shares = logits.softmax(1).double().numpy()
    shares /= shares.sum(axis=1, keepdims=True)
    assert found["top1"] == pytest.approx(top_k_accuracy_score(labels, shares, k=1))
    assert found["top5"] == pytest.approx(top_k_accuracy_score(labels, shares, k=5))
    assert found["loss"] == pytest.approx(log_loss(labels, shares), rel=1e-5)
    assert found["confusion"] == confusion_matrix(labels, logits.argmax(1)).tolist()


def test_with_fewer_than_five_classes_top_5_is_certain():
    found = evaluate.figures(torch.eye(3), torch.tensor([0, 2, 1]))
    assert (found["top1"], found["top5"]) == (pytest.approx(1 / 3), 1.0)


@pytest.mark.parametrize("model", MODELS)
def test_the_weights_of_a_run_have_the_accuracy_of_its_record(runs, tmp_path, capsys, model):
    output = tmp_path / "figures.json"
    assert evaluate.main([str(runs / model), "--output", str(output)]) == 0
    record = json.loads((runs / model / "record.json").read_text())
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"top-1  {record['accuracy']:.2%}\n" in printed.out
    found = json.loads(output.read_text())
    assert found["top1"] == record["accuracy"] <= found["top5"]
    assert found["loss"] == pytest.approx(record["epochs"][-1]["held_out_loss"], rel=1e-5)
    matrix = np.array(found["confusion"])
    assert matrix.sum() == found["images"] == 450
    assert matrix.trace() == round(record["accuracy"] * 450)
    # The file that is exported gives the same, once the data set is named.
    weights = tmp_path / "weights.safetensors"
    assert export.main([str(runs / model), str(weights)]) == 0
    capsys.readouterr()
    assert evaluate.main([str(weights)]) == 2
    assert "does not say which images it is for; add --dataset" in capsys.readouterr().err
    again = tmp_path / "again.json"
    assert evaluate.main([str(weights), "--dataset", "digits", "--output", str(again)]) == 0
    assert json.loads(again.read_text()) == found


@pytest.mark.parametrize("model", ["mlp_mixer", "vit"])
def test_the_other_models_answer_and_take_one_size(runs, tmp_path, capsys, model):
    from PIL import Image

    Image.new("RGB", (40, 40)).save(tmp_path / "image.png")
    words = ["--weights", str(runs / model), str(tmp_path / "image.png")]
    assert predict.main(words) == 0
    assert capsys.readouterr().out.count("%") == 5
    assert predict.main([*words, "--image-size", "64"]) == 2
    message = capsys.readouterr().err
    assert (
        "takes only images of the size that it was trained on: --image-size 32, not 64" in message
    )


@pytest.mark.parametrize("model", ["mlp_mixer", "vit"])
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda content: content["options"].update(width=9), "say width 9, its tensors 8"),
        (lambda content: content["options"].update(depth=10**9), "its tensors 1"),
        (lambda content: content["options"].update(image_size=64), "image_size 64"),
        (lambda content: content["model"].popitem(), "is missing"),
        (lambda content: content["model"].update(more=torch.zeros(1)), "more has no place"),
    ],
    ids=["width", "depth", "image size", "missing", "surplus"],
)
def test_weights_that_do_not_fit_their_options_are_refused(tmp_path, model, spoil, reason):
    options = Options(model=model, width=8, depth=1)
    content = {
        "model": dict(build(options, 10).state_dict()),
        "options": {"model": model, "width": 8, "depth": 1, "patch_size": 4, "image_size": 32},
        "classes": [str(n) for n in range(10)],
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    torch.save(content, tmp_path / "whole.pt")
    assert load(tmp_path / "whole.pt").options["model"] == model
    spoil(content)
    torch.save(content, tmp_path / "spoilt.pt")
    with pytest.raises(WeightsError, match=reason):
        load(tmp_path / "spoilt.pt")


def test_many_classes_are_not_a_table():
    matrix = np.diag(np.full(30, 5))
    matrix[3, 4], matrix[4, 3] = 7, 2
    text = evaluate.table(matrix.tolist(), [f"name{n}" for n in range(30)])
    assert text.splitlines() == [
        "the most frequent confusions:",
        "      7  name3 taken for name4",
        "      2  name4 taken for name3",
    ]


def test_a_table_names_its_classes():
    text = evaluate.table([[12, 0], [3, 4]], ["cat", "dog"])
    assert text.splitlines()[1:] == ["       0  1", "0 cat 12  0", "1 dog  3  4"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": [*"0123456798"]}, "is for other classes"),
        ({"classes": [*"abc"]}, "tells 3 classes apart, and the data set has 10"),
    ],
)
def test_other_classes_are_one_error(tmp_path, capsys, change, message):
    n_classes = len(change["classes"])
    model = build(Options(width=8, depth=1), n_classes)
    content = {"model": model.state_dict(), "options": {}, "mean": [0.5] * 3, "std": [0.5] * 3}
    torch.save(content | change, tmp_path / "w.pt")
    assert evaluate.main([str(tmp_path / "w.pt"), "--dataset", "digits"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_weights_of_others_need_a_size_for_files(tmp_path, capsys):
    from PIL import Image

    for place in ("train", "val"):
        for name in ("a", "b"):
            (tmp_path / place / name).mkdir(parents=True)
            Image.new("RGB", (20, 20)).save(tmp_path / place / name / "0.png")
    torch.save(build(Options(width=8, depth=1), 2).state_dict(), tmp_path / "w.pt")
    words = [str(tmp_path / "w.pt"), "--dataset", "imagefolder", "--data-dir", str(tmp_path)]
    assert evaluate.main([*words, "--workers", "0"]) == 2
    assert "does not say which size its images had; add --image-size" in capsys.readouterr().err
    assert evaluate.main([*words, "--workers", "0", "--image-size", "16"]) == 0
    printed = capsys.readouterr().out
    assert "do not say how their images were normalized: as ImageNet." in printed
    assert "top-5  100.00%" in printed


@pytest.mark.parametrize("model", MODELS)
def test_a_run_starts_from_weights(runs, tmp_path, monkeypatch, model):
    """Without a step, and so with the loss of the weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    words = [*TINY, "--model", model, "--weights", str(runs / model), "--name", "on"]
    assert experiment.main([*words, "--lr", "1e-12", "--wd", "0", "--ema", "0.9"]) == 0
    began, ended = load(runs / model), load(tmp_path / "runs/on")
    for name, tensor in ended.model.named_parameters():
        torch.testing.assert_close(tensor, began.model.get_parameter(name), atol=1e-6, rtol=0)


def test_weights_of_another_model_say_which_options_fit(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [*TINY, "--width", "16", "--weights", str(runs / "vit"), "--name", "x"]
    assert experiment.main(words) == 2
    error = capsys.readouterr().err
    assert "holds ViT-8/1, which is another model; to train it, add --model vit --width 8" in error
    assert list(tmp_path.iterdir()) == []


def test_with_other_classes_the_classifier_starts_at_random(runs, tmp_path, monkeypatch, capsys):
    from convmixer.weights.starting import start_from

    model = build(Options(width=8, depth=1), 3)
    before = model.head.linear.weight.clone()
    assert start_from(runs / "convmixer", model, Options(width=8, depth=1)) is True
    assert torch.equal(model.head.linear.weight, before)
    trained = load(runs / "convmixer").model
    assert torch.equal(model.patch_embedding.conv.weight, trained.patch_embedding.conv.weight)


def test_a_run_goes_on_with_the_threads_that_it_began_with(tmp_path):
    options = {"runs": "runs", "data_dir": "data", "threads": 0}
    hardware = {"device": "cpu", "threads": 5}
    (tmp_path / "record.json").write_text(json.dumps({"options": options, "hardware": hardware}))
    assert options_of(tmp_path).threads == 5
    (tmp_path / "record.json").write_text(
        json.dumps({"options": options | {"threads": 2}, "hardware": hardware})
    )
    assert options_of(tmp_path).threads == 2
    hardware["device"] = "NVIDIA H100"
    (tmp_path / "record.json").write_text(json.dumps({"options": options, "hardware": hardware}))
    assert options_of(tmp_path).threads == 0


def test_a_table_for_a_folder_without_runs(tmp_path: Path, capsys):
    assert evaluate.main([str(tmp_path), "--dataset", "digits"]) == 2
    assert "has no checkpoints/step-*.pt in it" in capsys.readouterr().err
