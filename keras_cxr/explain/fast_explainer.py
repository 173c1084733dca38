"""Explainers that a faster runtime serves, where one can."""

from collections.abc import Sequence

from keras_cxr.errors import CxrError
from keras_cxr.explain.explainer import Explainer
from keras_cxr.explain.fast_network import FastNetwork, NotServedError
from keras_cxr.explain.request import Request
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.choose import choose


def fast_explainers(
    model: SavedModel, requests: Sequence[Request], runtime: str = "auto", precision: str = "auto"
) -> list[tuple[Explainer | None, str]]:
    """Explainers by the runtime that ``choose`` finds: the one that labels films in ``predict``. They share a network.

    TensorFlow is not imported.

    Returns:
        Of each request the explainer, None where Keras must serve; and a line for the user: which runtime, or why
        Keras.

    Raises:
        UsageError, CxrError: As ``choose`` and ``Explainer``; the runtime asked for by name does not serve a request.
    """
    if model.card.training.get("members"):
        # Refused by `Explainer`.
        return [(None, "")] * len(requests)
    choice = choose(model, runtime, precision)
    if choice.run is None:
        return [(None, f"Note: {choice.note}" if choice.note else "Runtime: keras")] * len(requests)
    network, found = FastNetwork(model, choice), []
    for request in requests:
        try:
            found.append((Explainer(model, request, network), f"Runtime: {choice.name}"))
        except NotServedError as fault:
            if runtime != "auto" or precision not in ("auto", "float32"):
                raise CxrError(f"{str(fault)[:1].upper()}{str(fault)[1:]}. Try --runtime keras.") from fault
            found.append((None, f"Note: Keras is used: {fault}."))
    return found


def fast_explainer(
    model: SavedModel, request: Request, runtime: str = "auto", precision: str = "auto"
) -> tuple[Explainer | None, str]:
    """``fast_explainers`` of one request."""
    return fast_explainers(model, [request], runtime, precision)[0]
