"""Numbers of a network that maps can be made of."""

import numpy as np

from keras_cxr.errors import CxrError


def finite(values: np.ndarray, what: str) -> np.ndarray:
    """The values themselves.

    Raises:
        CxrError: Some are NaN or infinite; ``what`` says of what.
    """
    if np.isfinite(values).all():
        return values
    raise CxrError(f"{what} must be finite. Received: NaN or infinity. Try the network in float32.")
