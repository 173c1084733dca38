"""ONNX Runtime: the form that most other programs read."""

import pathlib
import tempfile

import numpy as np

from keras_cxr.prediction.serving.runtimes import Run, missing

PRECISIONS = ("float32", "int8")
PACKAGES = ("onnxruntime",)
OPSET = 17


def files(precision: str) -> tuple[str, ...]:
    """One file."""
    return ("onnx_int8.onnx" if precision == "int8" else "onnx.onnx",)


def available() -> str:
    """Whether onnxruntime is installed."""
    return missing("The runtime onnx", "onnxruntime")


def exportable(precision: str) -> str:
    """Converting needs tf2onnx and onnx too."""
    return missing(f"onnx {precision}", "onnxruntime", "tf2onnx", "onnx")


def export(network, folder: pathlib.Path, precision: str, calibration: np.ndarray) -> None:
    """Convert the network; int8 by static quantisation, weights by channel."""
    import tf2onnx

    from keras_cxr.models.frozen import frozen_logits

    frozen = frozen_logits(network)
    file = folder / files(precision)[0]
    with tempfile.TemporaryDirectory() as temporary:
        plain = pathlib.Path(temporary) / "float32.onnx" if precision == "int8" else file
        tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(),
            input_names=[frozen.inputs[0].name],
            output_names=[frozen.outputs[0].name],
            opset=OPSET,
            output_path=str(plain),
            custom_op_handlers={"Erfc": (_erfc, [])},
        )
        if precision == "int8":
            _quantise(plain, file, frozen.inputs[0].name, calibration)


def _erfc(ctx, node, name, args):
    """The Erfc of Keras's GELU as 1 − Erf: tf2onnx knows Erf alone."""
    shapes, dtypes, outputs = node.output_shapes, node.output_dtypes, node.output
    erf = ctx.make_node("Erf", [node.input[0]])
    one = ctx.make_const(f"{node.name}_one", np.array(1, np.float32))
    ctx.remove_node(node.name)
    ctx.make_node("Sub", [one.output[0], erf.output[0]], name=node.name, outputs=outputs, shapes=shapes, dtypes=dtypes)


def _quantise(plain: pathlib.Path, file: pathlib.Path, name: str, calibration: np.ndarray) -> None:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Films(CalibrationDataReader):
        def __init__(self):
            self._films = iter(calibration)

        def get_next(self) -> dict | None:
            film = next(self._films, None)
            return None if film is None else {name: film[np.newaxis].astype(np.float32)}

    prepared = plain.with_name("prepared.onnx")
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared),
        str(file),
        Films(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def load(folder: pathlib.Path, precision: str, size: int) -> Run:
    """Open a session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    path = str(folder / files(precision)[0])
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda films: session.run(None, {name: films.astype(np.float32)})[0]
