"""After a training: the files with which films are labelled without TensorFlow."""

from collections.abc import Callable

import numpy as np

from keras_cxr.errors import one_line
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.material import CALIBRATION, Material, material
from keras_cxr.prediction.serving.optimize import combinations, write_runtimes
from keras_cxr.prediction.source_films import spread
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared

RUNTIME = "openvino"
# int8 takes minutes and a package of its own: it stays with 'keras-cxr optimize'.
PRECISIONS = ("float32", "bfloat16")
MOST = 512


def write_default_runtime(model: SavedModel, films: Callable[[], Material], monitor: Monitor) -> None:
    """Write ``runtimes/`` of a new model: OpenVINO in float32 and, where the CPU computes in it, bfloat16.

    Each is held to Keras before it is kept. The model is whole without these files: whatever goes wrong is a note.

    Args:
        model: As saved.
        films: Gives what they are judged by: ``decoded_films`` or ``prediction.material.stored_material``.
        monitor: Told of the stretch, and why there is no file where there is none.
    """
    try:
        pairs, reasons = combinations(RUNTIME)
        pairs = [pair for pair in pairs if pair[1] in PRECISIONS]
        if pairs:
            monitor.start(f"Writing {RUNTIME} files", len(pairs))
            record = write_runtimes(model, pairs, films(), lambda pair: monitor.advance())
            written, reasons = [entry for entry in record.entries if entry.runtime == RUNTIME], record.refused
            if written:
                return
        reason = reasons[0]
    except Exception as fault:
        # Converters raise whatever they like, and a trained model must not be lost for it.
        reason = one_line(str(fault) or type(fault).__name__)
    monitor.note(f"{reason.rstrip('.')}; Keras will label films. 'keras-cxr optimize {model.folder}' tries again.")


def decoded_films(data: Prepared) -> Material:
    """Of the films that a training has decoded, at most 64 training films and 512 validation films, each class in its
    share: a large data set does not wait for its runtimes."""
    parts = []
    for split, count in (("train", CALIBRATION), ("val", MOST)):
        rows = data.rows(split)
        rows = rows[spread(data.targets(rows), count)]
        parts.append((data.pixels[rows][..., np.newaxis], data.targets(rows)))
    (training, _), (validation, targets) = parts
    return material(training, validation, targets)
