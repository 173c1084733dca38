"""BatchNorm statistics of the outside films in place of the training films'."""

import numpy as np

from keras_cxr.errors import CxrError
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand
from keras_cxr.prediction.elsewhere.remedies import UNLABELLED, register

# The statistics of more films hardly differ.
MOST_FILMS = 1000
# The training statistics count as those of so many films (Schneider et al. 2020), which matters where films are few.
TRAINING_FILMS = 16


@register("BatchNorm statistics", UNLABELLED)
def batch_norm_statistics(films: FilmsAtHand) -> np.ndarray:
    """The network with BatchNorm adapted to up to 1,000 of the films, drawn by chance; see ``models.batch_norm``."""
    from keras_cxr.models.batch_norm import adapt_batch_norm, batch_norm_layers
    from keras_cxr.models.forward import forward

    network = films.model.network()
    if not batch_norm_layers(network):
        raise CxrError(f"{films.model.card.architecture} has no BatchNorm layer")
    rows = np.random.default_rng(0).permutation(len(films))[:MOST_FILMS]
    adapt_batch_norm(network, films.batches(rows), TRAINING_FILMS / (TRAINING_FILMS + len(rows)))
    return films.calibrated(films.compute(films.batches(range(len(films))), forward(network)))
