#!/usr/bin/env python3
"""Lints template.yaml and the stage parameters: as written, and as CloudFormation gets it after the SAM transform."""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/deploy"))


def main():
    """Exit status 0 only where both forms are clean and every stage sets parameters that exist."""
    from samtranslator.yaml_helper import yaml_parse

    from stack import transformed

    parameters = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]
    status = 0
    for stage in sorted((ROOT / "infra/stages").glob("*.json")):
        unknown = json.loads(stage.read_text(encoding="utf-8"))["Parameters"].keys() - parameters.keys()
        if unknown:
            print(f"{stage.relative_to(ROOT)} sets unknown parameters: {', '.join(sorted(unknown))}")
            status = 1
    with tempfile.NamedTemporaryFile("w", suffix=".json") as plain:
        json.dump(transformed(), plain)
        plain.flush()
        cfn_lint = str(pathlib.Path(sys.executable).with_name("cfn-lint"))
        for template in ("template.yaml", plain.name):
            status |= subprocess.run([cfn_lint, template], cwd=ROOT).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
