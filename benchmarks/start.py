"""Processor time until something happens: ``--help``, and the label of one film.

``keras-cxr --help`` beside ``python -c pass``; ``keras-cxr predict FILM`` beside a program that only imports what the
runtime needs. Each is a process of its own; what counts is its processor time, of all threads.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile

from films import full_size_films
from measure import Clock, Result, machine, parser, publish, quiet
from networks import save_untrained, write_default_runtime

PROGRAM = "from keras_cxr.cli import main; raise SystemExit(main())"
# What every command that reads films brings along.
ROOMS = "import numpy, pandas, cv2, PIL.Image, click"
KERAS = "from keras_cxr.cli.tensorflow import load_tensorflow; load_tensorflow(); import keras"
OPENVINO = "import sys; sys.modules['openvino_telemetry'] = None; import openvino"


def seconds(code: str, *arguments: str) -> float:
    """Processor seconds of a Python process."""
    clock = Clock()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)
    return clock.read().processor


def pairs(plain: str, code: str, *arguments: str, repeats: int) -> tuple[list[float], list[float]]:
    """Ratios and differences in seconds, one a pair, after one of each to warm the disk."""
    seconds(plain), seconds(code, *arguments)
    found = [(seconds(plain), seconds(code, *arguments)) for _ in range(repeats)]
    return [whole / base for base, whole in found], [whole - base for base, whole in found]


def keras_parts(folder: pathlib.Path) -> str:
    """Processor seconds that Keras and TensorFlow take for the network itself, in a process of its own."""
    code = """
import sys, time
from keras_cxr.cli.tensorflow import load_tensorflow
load_tensorflow()
import numpy as np
from keras_cxr.models.forward import forward
from keras_cxr.models.saved_model import open_model
start = time.process_time()
network = open_model(sys.argv[1]).network()
loaded = time.process_time()
forward(network)(np.zeros((1, *network.input_shape[1:]), np.float32))
print(f"loading model.keras {loaded - start:.2g} s, tracing and the first call {time.process_time() - loaded:.2g} s")
"""
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    return f"of it, Keras and TensorFlow: {done.stdout.strip()}"


def main() -> None:
    options = parser(__doc__, films=1, repeats=7).parse_args()
    quiet()
    print(machine())
    ratio, beyond = pairs("pass", PROGRAM, "--help", repeats=options.repeats)
    help_text = Result(
        benchmark="start.py: processor time of keras-cxr --help",
        against="python -c pass",
        sizes=f"{options.repeats} processes each",
        values=beyond,
        bar=0.3,
        most=True,
        unit=" s beyond",
        note=f"{statistics.median(ratio):.3g}× the processor time of python -c pass",
    )
    publish(help_text, options)
    film = str(full_size_films(options)[0])
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        model = save_untrained(pathlib.Path(scratch) / "model", weights=options.weights)
        ways = [("keras", KERAS)]
        if write_default_runtime(model).startswith("openvino"):
            ways.insert(0, ("openvino", OPENVINO))
        for runtime, imports in ways:
            told = ["predict", film, "-m", str(model.folder), "-o", f"{scratch}/p.csv", "--runtime", runtime]
            ratio, beyond = pairs(f"{ROOMS}; {imports}", PROGRAM, *told, repeats=options.repeats)
            result = Result(
                benchmark=f"start.py: processor time of keras-cxr predict FILM --runtime {runtime}",
                against=f"importing {'TensorFlow and Keras' if runtime == 'keras' else runtime}, NumPy, pandas, OpenCV",
                sizes=f"one full-size JPEG, ResNet50, {options.repeats} processes each",
                values=beyond,
                bar=1,
                most=True,
                unit=" s beyond",
                note=f"{statistics.median(ratio):.3g}× the processor time of the imports",
                parts=keras_parts(model.folder) if runtime == "keras" else "",
            )
            publish(result, options)


if __name__ == "__main__":
    main()
