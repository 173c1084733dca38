"""DICOM films: gray levels as a viewer shows them (pixels.py) and what the header tells (header.py)."""
