"""What the project depends on: why, and exactly on what. ``python tests/test_dependencies.py`` rewrites sbom.json."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BILL = ROOT / "sbom.json"


def make_bill():
    """Return the software bill of materials of the pinned versions, as CycloneDX has it."""
    pins = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    components = [
        {"type": "library", "bom-ref": purl, "name": name, "version": pin, "purl": purl}
        for name, pin, purl in ((name, pin, f"pkg:pypi/{name}@{pin}") for name, pin in pins)
    ]
    project = {"type": "library", "bom-ref": "causal-agency", "name": "causal-agency", "version": version}
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": project}}
    return json.dumps(head | {"components": components}, indent=1) + "\n"


def test_each_direct_dependency_has_a_reason_in_its_line():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    named = [line for line in lines if re.search(r'"[a-z][a-z0-9_-]*[=>]=', line)]
    assert len(named) > 30
    assert [line for line in named if not re.search(r"\s# [`\w]", line)] == []


def test_the_bill_of_materials_is_that_of_the_pinned_versions():
    assert BILL.read_text() == make_bill()


if __name__ == "__main__":
    BILL.write_text(make_bill())
