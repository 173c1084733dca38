"""Load TensorFlow without the lines its C++ parts print about every machine that has no GPU."""

import os


def load_tensorflow() -> None:
    """Import TensorFlow and find the devices; ``TF_CPP_MIN_LOG_LEVEL`` set by the user shows everything again."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    # These lines come before TensorFlow reads any setting, straight to the file descriptor.
    kept, silent = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    try:
        import tensorflow as tf

        tf.config.list_logical_devices()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)
