"""objects.py FOLDER: what `kubectl kustomize FOLDER` makes, as a JSON list, after each object passed the schemas.

Kubernetes's own objects are judged by kubernetes-validate's copies of the schemas of the oldest Kubernetes that
docs/OPERATIONS.md names and of the newest that the package knows; unknown fields are refused. A ServiceMonitor is
judged by cloudcoil's model of the operator's CRD. Nothing is asked of a cluster or of the network.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml

OLDEST = "1.30"


def render(folder: str) -> list[dict]:
    kubectl = Path(sys.executable).with_name("kubectl")
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    made = subprocess.run([kubectl, "kustomize", folder], env=environment, capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"kubectl kustomize {folder}: {made.stderr.strip()}")
    return [thing for thing in yaml.safe_load_all(made.stdout) if thing]


def unknown(given, understood, path: str) -> list[str]:
    """Paths of what was given and not taken up."""
    if isinstance(given, dict) and isinstance(understood, dict):
        return [wrong for key in given for wrong in unknown(given[key], understood.get(key), f"{path}.{key}")]
    if isinstance(given, list) and isinstance(understood, list) and len(given) == len(understood):
        pairs = enumerate(zip(given, understood))
        return [wrong for at, (one, other) in pairs for wrong in unknown(one, other, f"{path}[{at}]")]
    return [] if given == understood else [f"{path} is not known, or not of that type"]


def judge_service_monitor(thing: dict) -> list[str]:
    from cloudcoil.models.prometheus_operator.v1 import ServiceMonitor  # takes seconds to load

    try:
        model = ServiceMonitor.model_validate(thing)
    except ValueError as error:
        return [str(error)]
    return unknown(thing, model.model_dump(mode="json", by_alias=True, exclude_unset=True), "")


def judge(thing: dict) -> list[str]:
    if thing["apiVersion"] == "monitoring.coreos.com/v1":
        return judge_service_monitor(thing)
    found = []
    for version in (OLDEST, kubernetes_validate.latest_version()):
        try:
            kubernetes_validate.validate(thing, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(map(str, error.path))
            found.append(f"by Kubernetes {version}: {path}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            found.append(error.message)
    return found


def main(folder: str) -> None:
    things = render(folder)
    found = [
        f"{thing['kind']} {thing['metadata']['name']}: {problem}" for thing in things for problem in judge(thing)
    ]
    if found:
        sys.exit("\n".join(found))
    json.dump(things, sys.stdout)


main(*sys.argv[1:])
