"""Fixtures of all tests: real films where they are at hand, synthetic ones always."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent


def pytest_addoption(parser):
    parser.addoption(
        "--shared",
        type=pathlib.Path,
        default=ROOT.parent / "shared",
        help="Folder with data/ (real films) and weights/; tests that need them are skipped where it is absent.",
    )


def _folder(request, name):
    folder = request.config.getoption("--shared") / name
    if not folder.is_dir():
        pytest.skip(f"real films or weights are not at hand ({name})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Stored features of the tests stay out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_CXR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared_data(request):
    return _folder(request, "data")


@pytest.fixture(scope="session")
def shared_weights(request):
    return _folder(request, "weights")


@pytest.fixture(scope="session")
def phantom(tmp_path_factory):
    """A folder of synthetic films of 24 patients, 128 pixels a side."""
    from keras_cxr.data.phantom.dataset import write_phantom

    folder = tmp_path_factory.mktemp("phantom")
    write_phantom(folder, patients=24, seed=0, size=128)
    return folder


@pytest.fixture(scope="session")
def tiny_model(phantom, tmp_path_factory):
    """A saved model, LeNet-5 at 64 pixels trained on ``phantom`` for two epochs. Not to be written to."""
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    recipe = Recipe(architecture="lenet5", size=64, epochs=2, learning_rate=3e-3)
    return train(read_dataset(phantom), recipe, tmp_path_factory.mktemp("models") / "tiny")
