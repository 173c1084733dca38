import pytest


@pytest.fixture(scope="session")
def lung_model(phantom, tmp_path_factory):
    """A lung model at 64 pixels, trained on ``phantom``. Not to be written to."""
    from keras_cxr.lungs.pairs import find_pairs
    from keras_cxr.lungs.settings import LungSettings
    from keras_cxr.lungs.train import train_lungs

    folder = tmp_path_factory.mktemp("models") / "lungs"
    pairs = find_pairs(phantom / "known_images", phantom / "masks")
    train_lungs(pairs, folder, LungSettings(size=64, filters=8, epochs=8, batch_size=4, learning_rate=5e-3))
    return folder


@pytest.fixture(scope="session")
def finder(lung_model):
    from keras_cxr.lungs.find import LungFinder

    return LungFinder(lung_model)
