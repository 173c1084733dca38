"""The share of this machine's matrix-product peak that ResNet50 prediction reaches, in float32, bfloat16 and int8.

The peak is measured in the same run: products of two 2048 × 2048 matrices through oneDNN, called by TensorFlow and,
where it is installed, by OpenVINO; the faster one counts. int8 is OpenVINO's alone: TensorFlow offers no such product.
Prediction is what ``--runtime openvino --precision …`` computes, or Keras in float32 where OpenVINO is not installed;
films are ready in memory. Pooling, BatchNorm and the additions between blocks are no matrix products; on the other hand
a 3 × 3 convolution may be computed with fewer multiplications than are counted here (Winograd 1980), and its operands
lie better in the caches than two large matrices, so a share above 100 % is possible.
"""

import contextlib
import importlib.util
import math
import pathlib
import tempfile
import time

from measure import Result, machine, parser, publish, quiet
from networks import save_untrained

SIDE, PRODUCTS, SIZE, FILMS = 2048, 7, 224, 32
OPENVINO = importlib.util.find_spec("openvino") is not None


def seconds(work, times: int = 4) -> float:
    """Of one call, the best of some."""
    work()
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def tensorflow_products(precision: str):
    """``PRODUCTS`` matrix products, each on all cores."""
    import tensorflow as tf

    kind = tf.as_dtype(precision)
    left, right = (tf.cast(tf.random.normal((SIDE, SIDE)), kind) for _ in range(2))
    product = tf.function(tf.matmul)

    def work() -> None:
        for _ in range(PRODUCTS):
            product(left, right)
        product(left, right)[0, 0].numpy()

    return work


def openvino_products(precision: str):
    """``PRODUCTS`` matrix products, each core with its own, as prediction has its films."""
    import numpy as np
    import openvino as ov
    from openvino import opset13 as ops

    def quantised(matrix, low: int, levels: int):
        return ops.fake_quantize(matrix, *(np.float32(end) for end in (low, 1, low, 1)), levels)

    numbers = np.random.default_rng(0).uniform(0, 1, (SIDE, SIDE)).astype(np.float32)
    films, weights = ops.parameter([SIDE, SIDE], np.float32), ops.constant(2 * numbers - 1)
    pair = (quantised(films, 0, 256), quantised(weights, -1, 255)) if precision == "int8" else (films, weights)
    hints = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    queue = ov.AsyncInferQueue(
        ov.Core().compile_model(ov.Model([ops.matmul(*pair, False, True)], [films]), "CPU", hints)
    )

    def work() -> None:
        for _ in range(PRODUCTS + 1):
            queue.start_async({0: numbers})
        queue.wait_all()

    return work


def peaks() -> dict[str, list]:
    """By precision, the products that can be had here."""
    found = {"float32": [tensorflow_products("float32")], "bfloat16": [tensorflow_products("bfloat16")], "int8": []}
    for precision, products in found.items():
        if OPENVINO:
            products.append(openvino_products(precision))
    return found


def operations(network) -> float:
    """Multiplications and additions of one film through the convolutions and dense layers."""
    import keras

    total = 0
    for layer in network._flatten_layers():
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
            places = layer.output.shape[1] * layer.output.shape[2] if len(layer.output.shape) == 4 else 1
            total += 2 * math.prod(layer.kernel.shape) * places
    return float(total)


def predictions(model, folder: pathlib.Path, calibration) -> dict:
    """By precision, a function from films to logits."""
    from keras_cxr.models.forward import forward
    from keras_cxr.prediction.serving.runtimes import find

    network = model.network()
    if not OPENVINO:
        print("openvino is not installed: float32 by Keras, no bfloat16, no int8")
        return {"float32": forward(network)}
    runtime, found = find("openvino"), {}
    for precision in runtime.PRECISIONS:
        if reason := runtime.exportable(precision):
            print(f"{precision} is left out: {reason}")
            continue
        with contextlib.redirect_stdout(None):
            runtime.export(network, folder, precision, calibration)
        found[precision] = runtime.load(folder, precision, SIZE)
    return found


def main() -> None:
    options = parser(__doc__, films=FILMS).parse_args()
    quiet()
    import numpy as np

    films = np.random.default_rng(0).integers(0, 256, (options.films, SIZE, SIZE, 1), np.uint8)
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        folder = pathlib.Path(scratch)
        model = save_untrained(folder / "model", weights=options.weights)
        work = operations(model.network())
        runs, products = predictions(model, folder, films), peaks()
        print(machine())
        for precision, run in runs.items():
            shares, names = [], ("TensorFlow", "OpenVINO")
            for _ in range(options.repeats):
                each = [seconds(product) for product in products[precision]]
                rate = options.films * work / seconds(lambda run=run: run(films), 3)
                shares.append(100 * rate * min(each) / ((PRODUCTS + 1) * 2 * SIDE**3))
            best = names[-1] if precision == "int8" else names[each.index(min(each))]
            result = Result(
                benchmark=f"peak.py: ResNet50 prediction, {precision}",
                against=f"the peak of a {SIDE} × {SIDE} matrix product in {precision} ({best})",
                sizes=f"{options.films} films of {SIZE} × {SIZE}, {work / 1e9:.2f} GFLOP each",
                values=shares,
                unit=" % of the peak",
            )
            publish(result, options)


if __name__ == "__main__":
    main()
