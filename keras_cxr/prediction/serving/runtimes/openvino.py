"""OpenVINO: on the CPUs of PCs the fastest in float32, and the one that computes in bfloat16 where the CPU can.

float32 and bfloat16 are one file computed in two ways. Each film is a request of its own, so that every core has
one, and a film's logits do not depend on what else is in the batch.
"""

import atexit
import pathlib
import re
import sys
import threading
from collections.abc import Callable

import numpy as np

from keras_cxr.prediction.serving.runtimes import FeatureRun, Run, missing

PRECISIONS = ("float32", "bfloat16", "int8")
PACKAGES = ("openvino",)
# The requests of a model serve one thread at a time.
_COMPUTING = threading.Lock()
# A thread that is in C++ when the interpreter ends aborts the process: it is waited for, and no other may begin.
atexit.register(_COMPUTING.acquire, timeout=10)


def files(precision: str) -> tuple[str, ...]:
    """The graph and its weights."""
    name = "openvino_int8" if precision == "int8" else "openvino"
    return f"{name}.xml", f"{name}.bin"


def available() -> str:
    """Whether openvino is installed."""
    return missing("The runtime openvino", "openvino")


def exportable(precision: str) -> str:
    """int8 needs nncf too; bfloat16 needs a CPU that computes in it."""
    if reason := missing(f"openvino {precision}", "openvino", *(["nncf"] if precision == "int8" else [])):
        return reason
    if precision == "bfloat16" and "BF16" not in _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "openvino bfloat16 gains nothing here: this CPU does not compute in bfloat16"
    return ""


def export(network, folder: pathlib.Path, precision: str, calibration: np.ndarray) -> None:
    """Convert the network; int8 by post-training quantisation with bias correction (NNCF)."""
    from keras_cxr.models.frozen import frozen_logits

    graph = folder / files(precision)[0]
    if precision == "bfloat16" and graph.is_file():
        return
    ov = _openvino()
    model = ov.convert_model(frozen_logits(network).graph)
    if precision == "int8":
        import nncf

        dataset = nncf.Dataset([film[np.newaxis].astype(np.float32) for film in calibration])
        model = nncf.quantize(model, dataset, subset_size=len(calibration))
    ov.save_model(model, graph, compress_to_fp16=False)


def load(folder: pathlib.Path, precision: str, size: int) -> Run:
    """Compile for this CPU."""
    run = _runner(_read(folder, precision, size), precision)
    return lambda films: run(films)[0]


def load_with_features(folder: pathlib.Path, precision: str, size: int, pooled: bool) -> FeatureRun:
    """Compile for this CPU, with the feature vectors as a second output.

    Args:
        folder, precision, size: As ``load``.
        pooled: Whether the features are those of the layer 'pool', or what the last dense layer receives.

    Raises:
        LookupError: The file names no such layer.
    """
    model = _read(folder, precision, size)
    model.add_outputs([_features(model, pooled)])
    run = _runner(model, precision)

    def vectors_and_logits(films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, vectors = run(films)
        return vectors, logits

    return vectors_and_logits


def load_with_maps(folder: pathlib.Path, precision: str, size: int) -> FeatureRun:
    """Compile for this CPU, with the maps that global average pooling receives as a second output.

    Returns:
        Films (n, size, size, 1) to maps (n, h, w, channels) and logits (n, units), float32.

    Raises:
        LookupError: The network pools no maps.
    """
    model = _read(folder, precision, size)
    maps, channels_last = _pooled_maps(model)
    model.add_outputs([maps])
    run = _runner(model, precision)

    def maps_and_logits(films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, maps = run(films)
        return maps if channels_last else maps.transpose(0, 2, 3, 1), logits

    return maps_and_logits


def _pooled_maps(model) -> tuple:
    """The tensor of maps that the last pooling over all places receives, and whether its channels come last."""
    for op in reversed(model.get_ordered_ops()):
        if op.get_type_name() == "ReduceMean" and len(op.get_output_shape(0)) == 2 and len(op.get_input_shape(0)) == 4:
            axes = op.input_value(1).get_node().get_data().tolist()
            return _before_rounding(op.input_value(0)), axes == [1, 2]
    raise LookupError("the network pools no maps")


def _before_rounding(output):
    """The tensor itself where int8 rounds it for what comes next."""
    node = output.get_node()
    return node.input_value(0) if node.get_type_name() == "FakeQuantize" else output


def _features(model, pooled: bool):
    """The tensor of the features in an OpenVINO graph, which keeps the names of TensorFlow's."""
    if not pooled:
        last = [op for op in model.get_ordered_ops() if op.get_type_name() == "MatMul"][-1]
        return _before_rounding(last.input_value(0))
    outputs = (output for op in model.get_ordered_ops() for output in op.outputs())
    found = [output for output in outputs if any(re.search(r"/pool(_\d+)?/", name) for name in output.get_names())]
    if len(found) != 1:
        raise LookupError("the file does not tell its pooled features")
    return found[0]


def _read(folder: pathlib.Path, precision: str, size: int):
    model = _openvino().Core().read_model(folder / files(precision)[0])
    model.reshape([1, size, size, 1])
    return model


def _runner(model, precision: str) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Films (n, size, size, 1) to each of the model's outputs (n, …) float32."""
    # Without the hint OpenVINO takes bfloat16 by itself where the CPU can.
    hints = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    compiled = _openvino().Core().compile_model(model, "CPU", hints)
    shapes = [tuple(output.shape)[1:] for output in compiled.outputs]
    # Waited for in turn, not told of by callbacks: a thread that calls Python while the model is being given up waits
    # for ever.
    requests = [
        compiled.create_infer_request() for _ in range(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    ]

    def run(films: np.ndarray) -> list[np.ndarray]:
        films, found = films.astype(np.float32), [np.empty((len(films), *shape), np.float32) for shape in shapes]
        with _COMPUTING:
            for request in requests:
                # Where Ctrl-C broke off the call before this one.
                request.wait()
            for row in range(len(films) + len(requests)):
                request, before = requests[row % len(requests)], row - len(requests)
                if 0 <= before < len(films):
                    request.wait()
                    for number, array in enumerate(found):
                        array[before] = request.get_output_tensor(number).data[0]
                if row < len(films):
                    request.start_async({0: films[row : row + 1]})
        return found

    return run


def _openvino():
    """The package without its telemetry, which reports every import to a server unless the user has opted out."""
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    return openvino
