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

import jsonschema
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


def closed(schema):
    """The schema, refusing what it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **inner} if "properties" in inner and "type" in inner else inner


def service_monitor() -> dict:
    """The schema of the CRD, kept beside the packages: its model takes seconds to load."""
    kept = Path(sys.prefix) / "service-monitor.json"
    if not kept.exists():
        from cloudcoil.models.prometheus_operator.v1 import ServiceMonitor

        made = kept.with_suffix(f".{os.getpid()}")
        made.write_text(json.dumps(closed(ServiceMonitor.model_json_schema(by_alias=True))))
        made.rename(kept)
    return json.loads(kept.read_text())


def problem(error: jsonschema.ValidationError) -> str:
    return f"{'.'.join(map(str, error.path))}: {error.message}"


def judge(thing: dict) -> list[str]:
    if thing["apiVersion"] == "monitoring.coreos.com/v1":
        errors = jsonschema.Draft202012Validator(service_monitor()).iter_errors(thing)
        return [problem(error) for error in errors]
    found = []
    for version in (OLDEST, kubernetes_validate.latest_version()):
        try:
            kubernetes_validate.validate(thing, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"by Kubernetes {version}: {problem(error)}")
        except kubernetes_validate.SchemaNotFoundError as error:
            found.append(error.message)
    return found


def main(folder: str) -> None:
    things = render(folder)
    found = [
        f"{thing['kind']} {thing['metadata']['name']}: {what}" for thing in things for what in judge(thing)
    ]
    if found:
        sys.exit("\n".join(found))
    json.dump(things, sys.stdout)


main(*sys.argv[1:])
