"""DICOM films: gray levels as a viewer shows them (pixels.py) and what the header tells (header.py)."""

from keras_cxr.errors import CxrError

try:
    import pydicom  # noqa: F401
except ImportError as fault:
    raise CxrError("is a DICOM film; to read these: pip install keras-cxr[dicom]") from fault
