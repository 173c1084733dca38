"""OpenVINO: on the CPUs of PCs the fastest in float32, and the one that computes in bfloat16 where the CPU can.

float32 and bfloat16 are one file computed in two ways. Each film is a request of its own, so that every core has
one, and a film's logits do not depend on what else is in the batch.
"""

import atexit
import pathlib
import sys
import threading

import numpy as np

from keras_cxr.prediction.runtimes import Run, missing

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
    ov = _openvino()
    core = ov.Core()
    model = core.read_model(folder / files(precision)[0])
    model.reshape([1, size, size, 1])
    # Without the hint OpenVINO takes bfloat16 by itself where the CPU can.
    hints = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    compiled = core.compile_model(model, "CPU", hints)
    units = compiled.output(0).shape[1]
    # Waited for in turn, not told of by callbacks: a thread that calls Python while the model is being given up waits
    # for ever.
    requests = [
        compiled.create_infer_request() for _ in range(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    ]

    def run(films: np.ndarray) -> np.ndarray:
        films, logits = films.astype(np.float32), np.empty((len(films), units), np.float32)
        with _COMPUTING:
            for request in requests:
                # Where Ctrl-C broke off the call before this one.
                request.wait()
            for row in range(len(films) + len(requests)):
                request, before = requests[row % len(requests)], row - len(requests)
                if 0 <= before < len(films):
                    request.wait()
                    logits[before] = request.get_output_tensor(0).data[0]
                if row < len(films):
                    request.start_async({0: films[row : row + 1]})
        return logits

    return run


def _openvino():
    """The package without its telemetry, which reports every import to a server unless the user has opted out."""
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    return openvino
