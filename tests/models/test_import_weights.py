"""PyTorch weights in a backbone: the same maps and logits as PyTorch's; files that do not fit, by name."""

import pathlib

import keras
import numpy as np
import pytest

from keras_cxr.cli import main
from keras_cxr.errors import UsageError
from keras_cxr.models import build
from keras_cxr.models.freeze import backbone, is_frozen
from keras_cxr.models.import_weights import import_weights
from keras_cxr.models.import_weights_sources import MIXES, PATHOLOGIES, SOURCES, mix_of, plain_name
from keras_cxr.models.registry import find
from keras_cxr.models.weights_origin import read_origin

SIZE = 75  # odd, so that padding on one side alone shows
FILMS = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 1)).astype("float32")


@pytest.fixture
def reference(monkeypatch):
    """The module ``torch_reference`` beside this file."""
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(pathlib.Path(__file__).parent)
    import torch_reference

    return torch_reference


def chest_pixels():
    return (2 * (FILMS.transpose(0, 3, 1, 2) / 255) - 1) * 1024


def imagenet_pixels():
    means, deviations = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return ((FILMS / 255 - means) / deviations).transpose(0, 3, 1, 2)


def with_operating_points(state):
    """As torchxrayvision's DenseNet keeps them: NaN for what it was not trained on."""
    import torch

    points = torch.full((18,), torch.nan)
    points[PATHOLOGIES.index("Pneumonia")] = MIXES["densenet121-res224-rsna"].pneumonia
    return state | {"op_threshs": points}


def wrapped(state):
    """As torchxrayvision's ResNet holds torchvision's."""
    return {f"model.{name}": tensor for name, tensor in state.items()}


@pytest.mark.parametrize(
    ("architecture", "source", "make", "spelling"),
    [
        ("densenet121-chest", "torchxrayvision", lambda nets: nets.DenseNet121(1, 18), with_operating_points),
        ("resnet50-chest", "torchxrayvision", lambda nets: nets.ResNet((3, 4, 6, 3), nets.Bottleneck, 1, 18), wrapped),
        ("resnet18", "torchvision", lambda nets: nets.ResNet((2, 2, 2, 2)), dict),
    ],
)
def test_maps_and_logits_equal_pytorch(architecture, source, make, spelling, reference, tmp_path):
    import torch

    theirs = reference.randomize(make(reference))
    pixels = chest_pixels() if source == "torchxrayvision" else imagenet_pixels()
    with torch.no_grad():
        their_maps = theirs.maps(torch.tensor(pixels, dtype=torch.float32))
        their_logits = theirs.logits(their_maps).numpy()
    torch.save(spelling(theirs.state_dict()), tmp_path / "state.pt")

    done = import_weights(source, tmp_path / "state.pt", tmp_path / "out.weights.h5")
    network = build(architecture, 2, size=SIZE, weights=done.file)
    assert is_frozen(network)
    assert (done.origin["architecture"], done.tensors) == (architecture, len(backbone(network).weights))
    if spelling is with_operating_points:
        assert done.origin["trained_on"] == "RSNA"
    pool = network.get_layer("pool")
    maps, features = keras.Model(network.input, [pool.input, pool.output])(FILMS)
    kernel, bias = (tensor.detach().numpy() for tensor in list(theirs.parameters())[-2:])
    logits = np.asarray(features) @ kernel.T + bias
    for ours, expected in ((maps, their_maps.permute(0, 2, 3, 1).numpy()), (logits, their_logits)):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("architecture", "make", "parameters"),
    [
        ("resnet18", lambda nets: nets.ResNet((2, 2, 2, 2)), 11_689_512),
        ("resnet34", lambda nets: nets.ResNet((3, 4, 6, 3)), 21_797_672),
        ("resnet50-torchvision", lambda nets: nets.ResNet((3, 4, 6, 3), nets.Bottleneck), 25_557_032),
        ("densenet121", lambda nets: nets.DenseNet121(), 7_978_856),
    ],
)
def test_reference_has_the_published_parameters_and_is_recognised(architecture, make, parameters, reference):
    theirs = make(reference)
    assert sum(parameter.numel() for parameter in theirs.parameters()) == parameters
    names = [plain_name(name) for name in theirs.state_dict()]
    assert SOURCES["torchvision"].network(names).architecture == architecture
    # All but classifier (1000 classes) are the backbone's; BatchNorm's two averages are buffers in PyTorch.
    averages = sum(buffer.numel() for name, buffer in theirs.named_buffers() if "running" in name)
    known = find(architecture)
    width = list(theirs.parameters())[-2].shape[1]
    head = width * 512 + 512 + 512 + 1
    if known.channels == 3:
        assert known.parameters == parameters - 1000 * (width + 1) + averages + head


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("features.denseblock1.denselayer16.norm.2.running_var", "features.denseblock1.denselayer16.norm2.running_var"),
        ("features.denseblock4.denselayer1.conv.1.weight", "features.denseblock4.denselayer1.conv1.weight"),
        ("model.layer1.0.conv1.weight", "layer1.0.conv1.weight"),
    ],
)
def test_names_of_published_files_in_todays_spelling(name, plain):
    assert plain_name(name) == plain_name(plain) == plain


def resnet18_tensors():
    """Random tensors with the names and shapes of torchvision's ResNet18, without its classifier."""
    shapes = {"conv1": (64, 3, 7, 7), "bn1": (64,)}
    for stage, width in enumerate((64, 128, 256, 512), start=1):
        before = max(64, width // 2)
        for block in (0, 1):
            name = f"layer{stage}.{block}"
            shapes |= {f"{name}.conv1": (width, width if block else before, 3, 3), f"{name}.bn1": (width,)}
            shapes |= {f"{name}.conv2": (width, width, 3, 3), f"{name}.bn2": (width,)}
        if stage > 1:
            shapes |= {f"layer{stage}.0.downsample.0": (width, before, 1, 1), f"layer{stage}.0.downsample.1": (width,)}
    generator, tensors = np.random.default_rng(1), {}
    for name, shape in shapes.items():
        for kind in ("weight",) if len(shape) == 4 else ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{name}.{kind}"] = generator.uniform(0.5, 1.5, shape).astype("float32")
    return tensors


@pytest.fixture
def write(tmp_path):
    """Write tensors as .safetensors, which needs no PyTorch."""
    numpy_files = pytest.importorskip("safetensors.numpy")

    def to_file(tensors):
        numpy_files.save_file(
            {name: np.ascontiguousarray(array) for name, array in tensors.items()}, tmp_path / "a.safetensors"
        )
        return tmp_path / "a.safetensors"

    return to_file


def test_command_tells_what_it_did_and_what_comes_next(write, tmp_path, capsys):
    tensors = resnet18_tensors()
    others = {"fc.weight": np.ones((7, 512), "float32"), "bn1.num_batches_tracked": np.array(3)}
    output = tmp_path / "out.weights.h5"
    assert main(["import-weights", "torchvision", str(write(tensors | others)), "-o", str(output)]) == 0
    told = capsys.readouterr().out
    assert "torchvision: architecture resnet18, three channels" in told
    assert "100 tensors taken, 2 left out" in told
    assert f"Next: keras-cxr train DATA -a resnet18 --weights {output} --size 224" in told
    inner = backbone(build("resnet18", 2, size=32, weights=output, features_from="conv3_block2_out"))
    kernel = inner.get_layer("conv3_block1_0_conv").kernel
    np.testing.assert_array_equal(kernel[0, 0], tensors["layer2.0.downsample.0.weight"][:, :, 0, 0].T)
    for ours, kind in zip(
        inner.get_layer("conv2_block2_1_bn").weights, ("weight", "bias", "running_mean"), strict=False
    ):
        np.testing.assert_array_equal(ours, tensors[f"layer1.1.bn1.{kind}"])


def test_file_names_its_architecture(write, tmp_path):
    done = import_weights("torchvision", write(resnet18_tensors()), tmp_path / "out.weights.h5")
    assert read_origin(done.file) == done.origin
    assert done.origin["feature_layer"] == "conv5_block2_out"
    for wrong in ("resnet34", "vgg16"):
        with pytest.raises(UsageError, match=rf"is of resnet18 \(torchvision\). Received: {wrong}. Try -a resnet18"):
            build(wrong, 2, size=32, weights=done.file)


def without(name):
    return lambda tensors: {key: tensors[key] for key in tensors if key != name}


def changed(name, change):
    return lambda tensors: tensors | {name: change(tensors.get(name))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("layer2.0.bn1.running_var"), "1 missing: layer2.0.bn1.running_var. Is it"),
        (changed("layer4.2.conv1.weight", lambda _: np.ones(3)), "1 unknown: layer4.2.conv1.weight. Is it"),
        (
            changed("conv1.weight", lambda old: old[:, :1]),
            "1 of another shape: conv1.weight (64, 1, 7, 7), expected (64, 3, 7, 7). Is it",
        ),
        (changed("bn1.bias", lambda old: old * np.nan), "1 not finite: bn1.bias. Is it"),
        (
            lambda _: {"stem.weight": np.ones(3)},
            "the tensors of no network of torchvision that is known here (densenet121",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named_in_one_line(change, message, write, tmp_path, capsys):
    file = write(change(resnet18_tensors()))
    assert main(["import-weights", "torchvision", str(file), "-o", str(tmp_path / "out.weights.h5")]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert str(file) in told
    assert told.count("\n") == 1
    assert not list(tmp_path.glob("*.h5"))


@pytest.mark.parametrize(
    ("source", "name", "output", "code", "message"),
    [
        ("torchvison", "a.pt", "a.weights.h5", 2, "Did you mean 'torchvision'"),
        ("torchvision", "a.onnx", "a.weights.h5", 2, "must be a file .pt, .pth or .safetensors"),
        ("torchvision", "a.pt", "a.h5", 2, "must end in .weights.h5"),
        ("torchvision", "absent.pt", "a.weights.h5", 1, "does not exist"),
        ("torchvision", "text.safetensors", "a.weights.h5", 1, "cannot be read"),
    ],
)
def test_wrong_use_is_one_line(source, name, output, code, message, tmp_path, capsys):
    pytest.importorskip("safetensors")
    (tmp_path / "text.safetensors").write_text("no tensors")
    assert main(["import-weights", source, str(tmp_path / name), "-o", str(tmp_path / output)]) == code
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_whole_pickled_network_is_not_run(reference, tmp_path, capsys):
    import torch

    for name, content in (("whole.pt", torch.nn.Linear(2, 2)), ("list.pth", [1, 2])):
        torch.save(content, tmp_path / name)
        assert (
            main(["import-weights", "torchxrayvision", str(tmp_path / name), "-o", str(tmp_path / "a.weights.h5")]) == 1
        )
        told = capsys.readouterr().err
        assert "expected a state dict" in told or "is no state dict" in told
        assert "torch.save(xrv.models.get_model(" in told
        assert told.count("\n") == 1


def test_operating_points_tell_the_mix():
    for name, mix in MIXES.items():
        thresholds = np.full(18, np.nan, "float32")
        thresholds[PATHOLOGIES.index("Pneumonia")] = mix.pneumonia
        assert mix_of(thresholds) == name
    assert mix_of(None) is None
    assert mix_of(np.zeros(18)) is None
