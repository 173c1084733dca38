"""The fuzzing program in small; `make fuzz` runs it at length."""

import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("pydicom")
pytest.importorskip("imagecodecs")

FUZZ = pathlib.Path(__file__).with_name("fuzz_reading.py")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_damaged_films_are_read_or_refused_in_one_line(request, tmp_path):
    shared = request.config.getoption("--shared")
    options = ["--mutants", "300", "--seed", "7", "--shared", str(shared), "--keep", str(tmp_path / "faults")]
    done = subprocess.run([sys.executable, str(FUZZ), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    total = next(line.split() for line in done.stdout.splitlines() if line.startswith("all"))
    assert total[1] == "300"
    assert min(int(total[2]), int(total[3])) > 60  # Both ends come up: films and reasons.
    assert not (tmp_path / "faults").exists()
