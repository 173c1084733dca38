"""The tests of this folder may import `converting` and `published_sets`, whatever pytest's import mode."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
