"""What gives the feature vectors of many films soonest: stored features, the runtime at work, or the network anew."""

from collections.abc import Iterable

from keras_cxr.data.films import Film
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.serving.feature_runtime import feature_runtime
from keras_cxr.prediction.serving.quiet import quiet
from keras_cxr.prediction.serving.runtimes import FeatureRun, Run
from keras_cxr.prediction.stored_features import FeatureRun as StoredFeatures
from keras_cxr.prediction.stored_features import all_stored


def find_features(model: SavedModel, run: Run | None, films: Iterable[Film]) -> FeatureRun:
    """Films to the network's default features and logits; Keras is loaded only where nothing else gives them.

    Args:
        model: The saved model.
        run: What computed its predictions; None: Keras.
        films: Some of those to come: where their features are stored, stored features are used.
    """
    if isinstance(run, FamiliarRun) and isinstance(run.stands_for, StoredFeatures):
        return run.features
    if all_stored(model, films):
        return _keras(model)
    if isinstance(run, FamiliarRun):
        return run.features
    return feature_runtime(model) or _keras(model)


def _keras(model: SavedModel) -> FeatureRun:
    # TensorFlow is loaded by this import.
    with quiet():
        from keras_cxr.prediction.embedding.embed import Embedder

        return Embedder(model)
