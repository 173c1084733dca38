"""The list of architectures, and what ``build`` refuses."""

import pkgutil

import pytest

import keras_cxr.models.architectures as package
from keras_cxr.errors import UsageError
from keras_cxr.models import build
from keras_cxr.models.registry import architectures, find

FROM_SCRATCH = {"alexnet", "cnn-small", "lenet5", "lmap3", "vgg-small"}


def test_names_are_listed_in_order():
    names = list(architectures())
    assert names == sorted(names)
    assert {name for name, architecture in architectures().items() if not architecture.backbone} == FROM_SCRATCH


def test_listing_does_not_import_tensorflow(without_tensorflow):
    assert without_tensorflow("models").returncode == 0


def test_every_file_registers_an_architecture():
    files = {f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)}
    assert {architecture.build.__module__ for architecture in architectures().values()} == files


def test_unknown_name_proposes_the_nearest():
    with pytest.raises(UsageError, match=r"Unknown architecture 'resnet5'\. Did you mean 'resnet50'\?"):
        find("resnet5")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lmap3", {"classes": 1}, "classes must be 2 or more. Received: 1"),
        ("lmap3", {"channels": 2}, "channels must be 1 or 3. Received: 2"),
        ("lmap3", {"dropout": 1.0}, r"dropout rate must lie in \[0, 1\). Received: 1.0"),
        ("lmap3", {"weights": "imagenet"}, "trained from scratch.*Try --weights none, or -a resnet50"),
        ("lmap3", {"features_from": "conv1"}, "has none. Received: conv1"),
        ("lmap3", {"size": 93}, "must be 94 pixels or more.*Received: 93"),
        ("resnet50", {"weights": "no/such.weights.h5"}, "'imagenet', 'none' or a file. Received: no/such.weights.h5"),
        ("resnet18", {"weights": "imagenet"}, "publishes no ImageNet weights for resnet18.*Try --weights FILE"),
        ("resnet18", {"weights": "no.h5"}, "The weights must be 'none' or a file. Received: no.h5"),
        ("resnet50", {"weights": "none", "channels": 1}, "sees 3 channels.*Received: 1 channel"),
    ],
)
def test_values_that_cannot_be_meant(name, options, message):
    with pytest.raises(UsageError, match=message):
        build(name, **{"classes": 2, **options})
