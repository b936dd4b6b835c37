"""Who may import whom, and what library code leaves to the commands."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

ROOT = Path(__file__).parents[1]

# Each may import what stands above it in its own list, and nothing of the project besides.
LAYERS = {
    "causal_agency": [
        {"_extras", "_table", "diagram", "gate"},
        {"_probability"},
        {"_bayes_net", "_products", "arrays", "cli", "past"},
        {"history"},
        {"_authors", "_csv", "kernel"},
        {"hypothesis", "learning", "log_kernels"},
        {"_factors", "posterior"},
        {"belief", "likelihood", "logs", "tables"},
        {"ledger", "_evidence"},
        {"_log_sums", "mixture"},
        {"_blocks"},
        {"_compiled"},
        {"streams"},
        {"records"},
        {"_laws", "episode", "estimates", "plot", "simulation"},
        {
            "testing",
            "examples.two_action",
            "examples.fire_engine",
            "examples.six_slot",
            "examples.bandit",
            "examples.learning_agent",
        },
        {"examples.many_agents"},
        {"explore._numbers", "explore._marks", "explore._npm"},
        {"explore._state", "explore._tags"},
        {"explore._change", "explore._link", "explore._editor", "explore._strip"},
        {"explore._presets"},
        {"explore._parts"},
        {"explore._answer"},
        {"explore._page", "explore._server"},
        {"explore.__main__"},
    ],
    "neural": [
        {"arm_names", "errors", "escape", "origin", "seeds", "signals", "training.control_groups"},
        {"dialogue.dialogue", "dialogue.authors", "paper.facts", "paper.phrases"},
        {"files", "dialogue.render", "model.architecture", "model.gguf_tokenizer", "model.names", "paper.arms"},
        {"result", "dialogue.role_table", "dialogue.transcript", "model.decoder", "model.tokenizer"},
        {"dialogue.template", "model.generate", "model.lora", "model.tree"},
        {"dialogue.marks", "model.folder", "model.gguf_file", "model.stream", "model.questions", "paper.fact_files"},
        {"dialogue.logs.fields", "dialogue.owners"},
        {"dialogue.logs.parts", "dialogue.logs.sources", "dialogue.tokens"},
        {"dialogue.logs.messages", "dialogue.logs.responses", "dialogue.plain_text"},
        {"dialogue.chat_text", "dialogue.encode"},
        {"model.speech"},
        {"dialogue.labels", "dialogue.logs.atif", "dialogue.logs.claude_code", "dialogue.logs.codex"},
        {
            "dialogue.logs.plain",
            "dialogue.logs.sharegpt",
            "dialogue.logs.swe_agent",
            "dialogue.logs.tau",
            "dialogue.logs.inspect",
            "dialogue.logs.otel",
        },
        {"dialogue.logs.reading"},
        {"model.source"},
        {"model.checkpoint"},
        {"training.config", "training.batching", "training.resources"},
        {"training.placement", "training.activations"},
        {"training.objective", "training.checkpoints"},
        {"training.replicas"},
        {"training.held_out", "training.forecast"},
        {"training.loop"},
        {"training.log"},
        {"finetuning", "conversation"},
        {"paper.invented", "paper.lessons", "paper.curriculum", "paper.verdicts"},
        {"paper.talk", "paper.conditions", "paper.probes"},
        {"paper.sweep_result", "paper.base_model", "paper.known_words"},
        {"paper.theory"},
        {"paper.bridge", "paper.experiment", "paper.sweep"},
        {"report.statistics", "report.style", "report.charts", "report.replies", "report.lesson", "report.published"},
        {"report.templates", "report.margins", "report.run.tables", "report.run.figures", "report.run.settings"},
        {"report.sweep.measures"},
        {"report.run.page", "report.sweep.answer", "report.sweep.sections", "report.sweep.figures"},
        {"report.sweep.page", "own.secrets", "own.delusion", "own.export"},
        {"own.examples", "own.redact", "own.result"},
        {"own.audit", "own.comparison"},
        {"own.tuning", "report.audit.tables", "report.own.tables"},
        {"report.audit.page", "report.audit.terminal"},
        {"report.own.terminal"},
        {"report.own.page"},
        {"cli", "process", "run_folder"},
        {"options", "processes", "session", "run_models"},
        {"device_plan", "lessons_run", "logs_run"},
        {"train", "sweep", "pretrain", "chat", "audit", "compare"},
        {"__main__"},
    ],
}
FILES = [file for package in LAYERS for file in sorted((ROOT / package).rglob("*.py")) if file.stem != "__init__"]


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def layer(package, module):
    for i, names in enumerate(LAYERS[package]):
        if any(module == name or module.startswith(name + ".") for name in names):
            return i
    raise AssertionError(f"{package}.{module} stands in no layer")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_downwards(file):
    package, *parts = file.relative_to(ROOT).with_suffix("").parts
    here = layer(package, ".".join(parts))
    for name in imports(file):
        other, _, module = name.partition(".")
        if other == package and module:
            assert layer(package, module) < here, name
        assert not (package == "causal_agency" and other == "neural"), name


@pytest.mark.parametrize("file", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda file: file.name)
def test_what_a_benchmark_imports_is_there(file):
    """Benchmarks run seldom, and need packages that are not here; at least the names that they take from us exist."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("neural", "causal_agency")):
            home, names = import_module(node.module), {alias.name for alias in node.names}
            modules = {name for _, name, _ in iter_modules(getattr(home, "__path__", ()))}
            assert not {name for name in names - modules if not hasattr(home, name)}, node.module


METHOD = "dialogue", "model", "training"
SHARED = "cli", "process", "processes", "run_folder", "session", "device_plan", "lessons_run", "logs_run"
DOORS = *SHARED, "train", "sweep", "pretrain", "chat", "audit", "compare", "__main__"
LIBRARY = [file for file in FILES if file.relative_to(ROOT).parts[0] == "neural" and file.stem not in DOORS]


@pytest.mark.parametrize("room", METHOD)
def test_the_method_knows_nothing_of_the_paper(room):
    for file in (ROOT / "neural" / room).glob("*.py"):
        assert not [name for name in imports(file) if name.startswith(("neural.paper", "neural.report"))], file


def test_a_report_is_made_without_a_model():
    code = "import sys, neural.report.run.page, neural.report.sweep.page; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def options():
    text = "".join((ROOT / "neural" / f"{door}.py").read_text() for door in DOORS)
    return set(re.findall(r"""option\(\s*"(--[a-z-]+)\"""", text))


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: str(file.relative_to(ROOT)))
def test_library_code_leaves_options_progress_and_globals_to_the_commands(file):
    text = file.read_text()
    docstrings = re.compile(r'""".*?"""', re.DOTALL)
    assert not [option for option in options() if re.search(rf"{option}\b", docstrings.sub("", text))]
    assert not re.search(r"\btqdm\b|matplotlib\.use|pyplot|os\.environ|_listener\(|config\.update|mallopt", text)


def test_the_options_are_found():
    assert {"--out", "--model", "--steps", "--teacher"} <= options()


UNSAFE = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}  # readers of data that run what they read


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_data_is_run(file):
    """No pickle, no eval, no code of others."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    assert not {name.partition(".")[0] for name in imports(file)} & UNSAFE
    assert not {call.func.id for call in calls if isinstance(call.func, ast.Name)} & {"eval", "exec", "compile"}
    trusting = {"trust_remote_code", "allow_pickle"}
    assert not [key for call in calls for key in call.keywords if key.arg in trusting]


def test_no_file_beside_train_hides_a_standard_module():
    names = {path.stem for path in (ROOT / "neural").iterdir()} - {"__init__", "__pycache__", "py"}
    assert not names & sys.stdlib_module_names


@pytest.mark.parametrize("module", ["causal_agency", "causal_agency.explore"])
def test_importing_the_exact_side_brings_the_standard_library_alone(module):
    """It runs in a browser, where nothing else is there."""
    code = (
        f"import sys; before = set(sys.modules); import {module}; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(*sorted(new - sys.stdlib_module_names - {'causal_agency'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_the_exact_side_does_not_load_the_explorer():
    code = "import sys, causal_agency; sys.exit('causal_agency.explore' in sys.modules or 'http' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
