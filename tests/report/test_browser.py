"""The page in headless Chromium, where there is one."""

import json
import os
import re
import shutil
import subprocess

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not at hand")
MEASURE = """<script>addEventListener("load", () => {
  const page = document.documentElement, images = [...document.images];
  const found = {
    inner: innerWidth, width: page.scrollWidth, images: images.length,
    broken: images.filter(image => image.naturalWidth === 0).length,
    fetched: performance.getEntriesByType("resource").map(entry => entry.name.slice(0, 40)),
    ink: getComputedStyle(document.body).color,
    figures: [...document.querySelectorAll("svg")].map(figure => figure.getBoundingClientRect().height > 50),
  };
  parent.postMessage(JSON.stringify(found), "*");
})</script>"""
# Chromium's window is 500 pixels wide at least; a frame may be as narrow as a telephone.
FRAME = """<!DOCTYPE html><meta name="color-scheme" content="light dark"><script>
addEventListener("message", told => { document.body.textContent = "FOUND" + told.data + "END"; });
</script><body><iframe src="copy.html" width="400" height="900" style="border: 0"></iframe></body>"""


def chromium(*options):
    """Run Chromium; its output and what it logged."""
    command = [PROGRAM, "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    command += ["--disable-component-update", "--enable-logging=stderr", *options]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        command.append("--no-sandbox")
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return ran.stdout, ran.stderr


def measure(page, tmp_path, *options):
    """What a script finds in a copy of the page that allows scripts."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', MEASURE, text)
    (tmp_path / "copy.html").write_text(text, encoding="utf-8")
    (tmp_path / "frame.html").write_text(FRAME, encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    output, logged = chromium(
        profile, "--virtual-time-budget=5000", *options, "--dump-dom", (tmp_path / "frame.html").as_uri()
    )
    found = re.search(r"FOUND(\{.*?\})END", output, re.DOTALL)
    assert found, logged[-2000:]
    return json.loads(found[1])


@pytest.mark.parametrize("dark", [False, True])
def test_narrow_and_dark(evaluation_page, tmp_path, dark):
    found = measure(evaluation_page, tmp_path, f"--blink-settings=preferredColorScheme={int(not dark)}")
    assert found["inner"] == 400
    assert found["width"] <= 400
    assert found["images"] > 10
    assert found["broken"] == 0
    assert all(found["figures"])
    assert [name for name in found["fetched"] if not name.startswith("data:")] == []
    red = int(re.search(r"\d+", found["ink"])[0])
    assert (red > 200) if dark else (red < 60)


def test_prints_and_complains_of_nothing(evaluation_page, tmp_path):
    target = tmp_path / "page.pdf"
    _, logged = chromium(
        f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={target}", evaluation_page.as_uri()
    )
    assert target.read_bytes().startswith(b"%PDF")
    assert "CONSOLE" not in logged
