"""ImageNet weights: from Keras' cache, or downloaded into it; a clear word, at once, where neither can be."""

import contextlib
import os
import pathlib
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator

from keras_cxr.errors import CxrError
from keras_cxr.models.architecture import Pretrained

HOST = "storage.googleapis.com"
BASE = f"https://{HOST}/tensorflow/keras-applications/"


def imagenet_file(pretrained: Pretrained) -> pathlib.Path:
    """The file of ImageNet weights in Keras' cache (``$KERAS_HOME/models``, else ``~/.keras/models``).

    Downloads it if it is not there. Raises CxrError, offline within about a second, if it cannot be had.
    """
    home = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    name = pathlib.PurePosixPath(pretrained.path).name
    file = home / "models" / name
    if file.is_file():
        return file
    try:
        if not reachable():
            raise ConnectionError("no connection")
        return _download(address(pretrained), home, pretrained.checksum)
    except Exception as error:  # Keras raises a bare Exception where a download fails
        file.unlink(missing_ok=True)  # Keras leaves a file whose checksum is wrong
        reason = " ".join(str(error).split())
        raise CxrError(
            f"The ImageNet weights {name} are not in {file.parent} and could not be downloaded from {HOST} ({reason}). "
            f"Try --weights FILE, or set KERAS_HOME to a folder that holds models/{name}, "
            "or choose an architecture trained from scratch, such as -a lmap3."
        ) from error


def address(pretrained: Pretrained) -> str:
    """Where the file of weights is downloaded from."""
    return urllib.parse.urljoin(BASE, pretrained.path)


def reachable(seconds: float = 1.0) -> bool:
    """Whether the host of the weights, or the proxy on the way to it, accepts a connection within ``seconds``."""
    proxy = None if urllib.request.proxy_bypass(HOST) else urllib.request.getproxies().get("https")
    address = urllib.parse.urlsplit(proxy if proxy and "//" in proxy else f"//{proxy or HOST}")
    answered = threading.Event()

    def knock() -> None:
        with contextlib.suppress(OSError), socket.create_connection((address.hostname, address.port or 443), seconds):
            answered.set()

    # In a thread, because resolving a name knows no timeout.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()


def _download(url: str, home: pathlib.Path, checksum: str) -> pathlib.Path:
    import keras

    name = url.rsplit("/", 1)[1]
    with _socket_timeout(10):
        file = keras.utils.get_file(name, url, cache_dir=str(home), cache_subdir="models", file_hash=checksum or None)
    return pathlib.Path(file)


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Keras' download has no timeout of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
