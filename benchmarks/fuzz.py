"""Read hostile input until something breaks: ``python benchmarks/fuzz.py --inputs 1000000``.

Valid files of every kind are damaged, value by value and byte by byte, and read. A reader may refuse one with the error
that it documents, or accept it; anything else is a finding: another error, more than `SECONDS`, more than `MEMORY`, or
the end of the process. Every reader works in a process of its own, with that much memory and no more. Inputs are
functions of the seed, the reader and a number, which is printed with each finding. With --guided, atheris chooses what
to damage further by the lines of this project that it reaches (`pip install atheris`). With names of readers, such as
GGUF, only these read their share of the inputs, so that a run that was stopped can be completed.
"""

import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

os.environ |= {"JAX_PLATFORMS": "cpu", "TRANSFORMERS_VERBOSITY": "critical"}
sys.path += [str(Path(__file__).parents[1] / "tests" / "neural"), str(Path(__file__).parents[1])]

from tqdm import tqdm

from neural.cli import Command, whole_number

SECONDS = 120  # for one input; generous, because the machine may be busy
MEMORY = 1 << 30  # bytes that one input may take, in addresses
SHARES = {  # of the inputs: those that are quick to read get more, and come first
    "Mixture": 30,
    "history": 25,
    "recipe.json": 20,
    "facts, JSON": 25,
    "facts, CSV": 35,
    "safetensors index": 5,
    "training checkpoint": 4,
    "results.json": 4,
    "run.json": 2,
    "model.safetensors": 1,
    "config.json": 1,
    "GGUF": 0.5,
    "tokenizer.json": 0.5,
    "tokenizer_config.json": 0.5,
    "sweep plan.json": 0.2,
    "sweep base.json": 0.2,
    "sweep cell": 0.2,
    "sweep bridge": 0.2,
}
# What a process counts; memory is what is resident on top of that BEFORE its first input.
COUNTED = NUMBER, REFUSED, ACCEPTED, WORST_TIME, WORST_MEMORY, BEFORE = range(6)


class Task(NamedTuple):
    """Inputs for one reader."""

    name: str
    seed: int
    inputs: int


def read_peak() -> int:
    """Return the most memory that this process had resident since the last call, in bytes."""
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(peak.split()[1])


def limit_memory() -> None:
    """Let this process have `MEMORY` more than it has now."""
    now = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmSize"))
    most = 1024 * int(now.split()[1]) + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def try_input(read: Callable[[], object], errors: tuple[type[Exception], ...], counts: Any, found: Any) -> None:
    """Read one input, count what comes of it, and report what its reader does not document."""
    begin = time.process_time()
    try:
        read()
        counts[ACCEPTED] += 1
    except errors:
        counts[REFUSED] += 1
    except BaseException as problem:
        found.put((counts[NUMBER], f"{type(problem).__name__}: {problem}"[:200]))
    counts[WORST_TIME] = max(counts[WORST_TIME], time.process_time() - begin)
    counts[WORST_MEMORY] = max(counts[WORST_MEMORY], read_peak() - counts[BEFORE])


def prepare(name: str, folder: str, counts: Any) -> Any:
    """Return a reader that has read its valid inputs once, so that its libraries are loaded; limit its memory."""
    from readers import make_readers

    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    reader = make_readers(Path(folder))[name]
    for valid in reader.seeds:
        with suppress(reader.errors):
            reader.read(valid)
    limit_memory()
    read_peak()
    counts[BEFORE] = read_peak()
    return reader


def walk(task: Task, first: int, counts: Any, found: Any) -> None:
    """Give the reader inputs that are damaged at random, from number ``first`` on."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        reader = prepare(task.name, folder, counts)
        for number in range(first, task.inputs):
            counts[NUMBER] = number
            rng = Random(f"{task.seed} {task.name} {number}")
            data = reader.damage(rng.choice(reader.seeds), rng)
            try_input(lambda data=data: reader.read(data), reader.errors, counts, found)
        counts[NUMBER] = task.inputs


def explore(task: Task, first: int, counts: Any, found: Any) -> None:
    """Give the reader inputs that are damaged further where that reached other lines."""
    import atheris

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, tempfile.TemporaryDirectory() as corpus:
        with atheris.instrument_imports(include=["neural", "causal_agency"]):
            reader = prepare(task.name, folder, counts)
        for i, valid in enumerate(reader.seeds):
            (Path(corpus) / str(i)).write_bytes(valid)

        def damage(data: bytes, most: int, seed: int) -> bytes:
            rng = Random(seed)
            return reader.damage(data if data.strip() else rng.choice(reader.seeds), rng)[:most]

        def read(data: bytes) -> None:
            counts[NUMBER] += 1
            try_input(lambda: reader.read(data), reader.errors, counts, found)

        counts[NUMBER] = first
        longest = f"-max_len={4 * max(map(len, reader.seeds)) + 1000}"
        runs = f"-runs={task.inputs - first}"
        atheris.Setup(["fuzz", runs, f"-seed={task.seed + 1}", longest, corpus], read, custom_mutator=damage)
        atheris.Fuzz()


def watch(task: Task, work: Callable[..., None]) -> tuple[list[float], list[str]]:
    """Run a reader's inputs in processes of their own; return what they counted, and the findings."""
    context = get_context("spawn")
    counts, queue, findings = context.Array("d", len(COUNTED), lock=False), context.SimpleQueue(), []
    with tqdm(desc=task.name, total=task.inputs, mininterval=10) as bar:
        while counts[NUMBER] < task.inputs:
            first = int(counts[NUMBER])
            counts[BEFORE] = 0  # until it is ready
            process = context.Process(target=work, args=(task, first, counts, queue))
            process.start()
            seen, since = counts[NUMBER], time.monotonic()
            while process.is_alive():
                process.join(0.2)
                if counts[NUMBER] != seen or not counts[BEFORE]:
                    seen, since = counts[NUMBER], time.monotonic()
                    bar.update(int(seen) - bar.n)
                if time.monotonic() - since > SECONDS:
                    process.kill()
                while not queue.empty():
                    findings.append("{:.0f}: {}".format(*queue.get()))
            if counts[NUMBER] >= task.inputs:
                break
            findings.append(f"{counts[NUMBER]:.0f}: the process ended with {process.exitcode}")
            counts[NUMBER] += 1
    return list(counts), findings


def main() -> None:
    """Fuzz all readers, or those that are named, and print a table."""
    command = Command("fuzz", description=__doc__)
    command.add_argument("--inputs", type=whole_number(1), default=10_000, help="of all readers (default: 10000)")
    command.add_argument("--seed", type=whole_number(0), default=0, help="of the damage (default: 0)")
    command.add_argument("--guided", action="store_true", help="let atheris guide the damage by the lines it reaches")
    command.add_argument("readers", nargs="*", help=f"which to try: {'; '.join(SHARES)} (default: all)")
    args = command.parse_args()
    if unknown := sorted(set(args.readers) - SHARES.keys()):
        command.error(f"there is no reader {unknown[0]}; choose from {'; '.join(SHARES)}")
    rows, every = [], 0
    for name in dict.fromkeys(args.readers) or SHARES:
        task = Task(name, args.seed, max(1, round(args.inputs * SHARES[name] / sum(SHARES.values()))))
        counts, findings = watch(task, explore if args.guided else walk)
        for finding in dict.fromkeys(findings):
            print(f"{name}, seed {args.seed}, input {finding}", flush=True)
        every += len(findings)
        cells = f"{task.inputs:,}", f"{counts[REFUSED]:,.0f}", f"{counts[ACCEPTED]:,.0f}", str(len(findings))
        rows.append(f"| {' | '.join((name, *cells))} | {counts[WORST_TIME]:.2f} | {counts[WORST_MEMORY] / 1e6:.0f} |")
        print(rows[-1], flush=True)
    print("\n| reader | inputs | refused | accepted | findings | worst time (s) | worst memory (MB) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", *rows, sep="\n")
    sys.exit(every > 0)


if __name__ == "__main__":
    main()
