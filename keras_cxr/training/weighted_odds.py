"""The weights of the loss taken out of a multi-label network's answers."""

import keras
import numpy as np

from keras_cxr.training.prepared import PreparedFindings


def undo_weights(network: keras.Model, data: PreparedFindings) -> None:
    """Take log(w / v) from the bias of each finding's logit, where w and v weighed films with and without it.

    Weighted so, a network learns odds that are w / v times too high (Elkan, IJCAI 2001): of a rare finding, balanced,
    every second film would seem to have it, which one temperature for all findings cannot mend. Within a finding the
    order of the films, and with it the AUROC, stays.
    """
    present, absent = ([part[name] for name in data.classes] for part in (data.weights, data.absent_weights))
    bias = network.get_layer("logits").bias
    bias.assign(bias - np.log(np.divide(present, absent)).astype("float32"))
