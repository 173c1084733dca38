"""keras-cxr run from a checkout: ``python cli.py …`` is the same program as ``keras-cxr …``."""

import sys

from keras_cxr.cli import main

if __name__ == "__main__":
    sys.exit(main())
