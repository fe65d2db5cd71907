#!/usr/bin/env python3
"""Compares the routes of three places and fails on any difference:

* template.yaml, what API Gateway sends where;
* Cargo.toml, `[workspace.metadata.lambda.watch.router]`, what `cargo lambda watch` sends where;
* functions/docs/openapi.json, made from the routers: the paths of the code, each operation tagged with its function.

Every path of the code must stand in the other two with and without its trailing slash; nothing else may stand there but the
documented extras below. Usage: check_routes.py [path of openapi.json]
"""

import json
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
# Routes that no operation of the OpenAPI document describes: files and the documentation page's assets.
EXTRA = {"/media/{*}": "media", "/api/v1/schema/docs/{*}": "docs"}
# The function that gets what nothing else matches: the default route of API Gateway, a catch-all for `cargo lambda watch`.
DEFAULT = "docs"
CATCH_ALL = "/{*}"


def shape(path):
    """A path with the names of its parameters taken out: `/a/{}/b`, `/a/{*}` for one that takes the rest."""
    greedy = re.sub(r"\{(?:\*\w+|\w+\+)\}", "{*}", path)
    return re.sub(r"\{\w+\}", "{}", greedy)


def of_template(problems):
    """Function of each path shape in template.yaml."""
    from samtranslator.yaml_helper import yaml_parse

    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    folder = {
        logical: pathlib.PurePath(resource["Properties"]["CodeUri"]).name
        for logical, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    body = template["Resources"]["Api"]["Properties"]["DefinitionBody"]
    target = {}
    for name, integration in body["components"]["x-amazon-apigateway-integrations"].items():
        logical = re.search(r"functions/\$\{(\w+)\.Arn\}", integration["uri"]["Fn::Sub"]).group(1)
        target[name] = folder[logical]
        if name != target[name]:
            problems.append(f"template.yaml: integration {name} leads to {target[name]}")
    routes = {}
    for path, item in body["paths"].items():
        if set(item) != {"x-amazon-apigateway-any-method"}:
            problems.append(f"template.yaml: {path} is not for any method; the function would not see the others")
            continue
        operation = item["x-amazon-apigateway-any-method"]
        name = target[operation["x-amazon-apigateway-integration"]["$ref"].rsplit("/", 1)[1]]
        routes[CATCH_ALL if operation.get("isDefaultRoute") else shape(path)] = name
    return routes


def of_cargo():
    """Function of each path shape in Cargo.toml."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    return {shape(path): name for path, name in manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].items()}


def of_code(document, problems):
    """Function of each path shape in the OpenAPI document, in both forms, and the number of its operations."""
    routes, operations = EXTRA | {CATCH_ALL: DEFAULT}, 0
    for path, item in document["paths"].items():
        tags = set()
        for method, operation in item.items():
            if method in METHODS:
                operations += 1
                tags.add(tuple(operation.get("tags") or ()))
        if len(tags) != 1 or len(next(iter(tags))) != 1:
            problems.append(f"openapi.json: {path} needs one tag, the same on all its operations; has {sorted(tags)}")
            continue
        bare = shape(path).rstrip("/")
        name = next(iter(tags))[0]
        if bare.endswith("{*}"):
            routes[bare] = name
        elif path.startswith("/media/"):
            # The document writes the rest of a path as one parameter.
            continue
        else:
            routes[bare] = routes[bare + "/"] = name
    return routes, operations


def compare(left_name, left, right_name, right, problems):
    """Notes every path that only one side has, or that the sides send to different functions."""
    for path in sorted(left.keys() | right.keys()):
        if path not in right:
            problems.append(f"{path} ({left[path]}) stands in {left_name}, not in {right_name}")
        elif path not in left:
            problems.append(f"{path} ({right[path]}) stands in {right_name}, not in {left_name}")
        elif left[path] != right[path]:
            problems.append(f"{path} goes to {left[path]} in {left_name}, to {right[path]} in {right_name}")


def main():
    """Prints the verdict; exit status 0 only where all agree."""
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "functions/docs/openapi.json"
    problems = []
    document = json.loads(source.read_text(encoding="utf-8"))
    code, operations = of_code(document, problems)
    template, cargo = of_template(problems), of_cargo()
    compare("the routers", code, "template.yaml", template, problems)
    compare("the routers", code, "Cargo.toml", cargo, problems)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} differences")
        return 1
    print(f"{operations} operations, {len(code)} routes: template.yaml, Cargo.toml and the routers agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
