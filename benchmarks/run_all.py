"""Run every benchmark with small sizes, about 20 minutes on two cores, and write RESULTS.md beside this file."""

import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

from measure import Result, machine

HERE = pathlib.Path(__file__).parent
RUNS = (
    "train_head.py --films 1000 --epochs 2",
    "predict.py --films 300",
    "gradcam.py --films 300",
    "agreement.py --films 400",
    "decode.py --films 450",
    "augment.py --films 1000",
    "depthwise.py",
    "peak.py",
    "folder.py --films 20000 --full-size 320",
    "start.py --repeats 5",
    "cost.py --films 4000",
    "audit.py --films 1000 --all 5000",
    "gpu.py",
)


def run(command: str, results: pathlib.Path) -> str:
    """Run a benchmark; its last line where it failed, else ''."""
    name, *arguments = command.split()
    print(f"== {command}", flush=True)
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments, "--json", str(results)], stderr=subprocess.PIPE, text=True
    )
    lines = done.stderr.strip().splitlines() or [""]
    print(lines[-1] if done.returncode else "", flush=True)
    return f"{name}: {lines[-1]}" if done.returncode else ""


def cells(result: Result) -> str:
    """A row of the table."""
    unit = result.unit if result.unit == "×" else ""
    bar = "" if result.bar is None else f"{'≤' if result.most else '≥'} {result.bar:g}"
    reached = {None: "", True: "reached", False: "**not reached**"}[result.reached]
    spread = f"{min(result.values):.3g}–{max(result.values):.3g}" if len(result.values) > 1 else "one run"
    value = f"{result.median:.3g}{result.unit}"
    return f"| {result.benchmark} | {result.against} | {result.sizes} | {value} | {spread}{unit} | {bar} | {reached} |"


def page(results: list[Result], failed: list[str], machines: list[str]) -> str:
    """RESULTS.md."""
    lines = [
        "# Benchmarks",
        "",
        f"{datetime.date.today().isoformat()}, `make bench`, about 20 minutes on this machine. Each value is the",
        "median of pairs that were timed in turn",
        "in one run, on a machine that may do other work besides: ratios of one machine, no promise for another.",
        "",
        f"Before: {machines[0]}",
        "",
        f"After: {machines[1]}",
        "",
        "| benchmark | against | sizes | median | min–max | bar | |",
        "|---|---|---|---|---|---|---|",
        *map(cells, results),
        "",
    ]
    notes = [result for result in results if result.note or result.parts]
    lines += ["## Beside it", "", *(f"- {one.benchmark}, against {one.against}: {_told(one)}." for one in notes), ""]
    below = [result for result in results if result.reached is False]
    lines += ["## Below the bar", ""]
    lines += [f"- {one.benchmark}, against {one.against}: {one.parts or one.note}." for one in below]
    lines += [] if below else ["Nothing."]
    lines += ["", "## Not run", "", *(f"- {line}" for line in failed), ""] if failed else [""]
    return "\n".join(lines)


def _told(result: Result) -> str:
    return "; ".join(filter(None, (result.note, result.parts)))


def main() -> None:
    machines = [machine()]
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "results.jsonl"
        file.touch()
        failed = [line for command in RUNS if (line := run(command, file))]
        results = [Result(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    machines.append(machine())
    (HERE / "RESULTS.md").write_text(page(results, failed, machines), encoding="utf-8")


if __name__ == "__main__":
    main()
