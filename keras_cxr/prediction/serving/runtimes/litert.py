"""LiteRT, once TensorFlow Lite: small files, for telephones and small computers too."""

import os
import pathlib

import numpy as np

from keras_cxr.prediction.serving.runtimes import Run, missing

PRECISIONS = ("float32", "int8")
PACKAGES = ("ai-edge-litert",)


def files(precision: str) -> tuple[str, ...]:
    """One file."""
    return ("litert_int8.tflite" if precision == "int8" else "litert.tflite",)


def available() -> str:
    """Whether ai-edge-litert is installed."""
    return missing("The runtime litert", "ai_edge_litert")


def exportable(precision: str) -> str:
    """TensorFlow brings the converter."""
    return missing(f"litert {precision}", "ai_edge_litert")


def export(network, folder: pathlib.Path, precision: str, calibration: np.ndarray) -> None:
    """Convert the network; int8 by post-training quantisation, float32 in and out."""
    import tensorflow as tf

    from keras_cxr.models.frozen import frozen_logits

    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen_logits(network)])
    if precision == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([film[np.newaxis].astype(np.float32)] for film in calibration)
    (folder / files(precision)[0]).write_bytes(converter.convert())


def load(folder: pathlib.Path, precision: str, size: int) -> Run:
    """Open an interpreter; one film at a time is as fast as many, and no length of batch needs another."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(folder / files(precision)[0]), num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    films_in, logits_out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]
    units = logits_out["shape"][1]

    def run(films: np.ndarray) -> np.ndarray:
        logits = np.empty((len(films), units), np.float32)
        for row, film in enumerate(films.astype(np.float32)):
            interpreter.set_tensor(films_in, film[np.newaxis])
            interpreter.invoke()
            logits[row] = interpreter.get_tensor(logits_out["index"])[0]
        return logits

    return run
