"""ingress_nginx.py FILE: a recipe for ingress-nginx as the controller would write it down for its nginx.

It makes of the Ingresses and the ConfigMaps what the controller's template makes of them
(rootfs/etc/nginx/template/nginx.tmpl, 1.15). Left out is what no request of the tests meets: the Lua that picks an
endpoint, TLS, metrics.
"""
import base64
import sys

import yaml

ANNOTATION = "nginx.ingress.kubernetes.io/"
DEFAULTS = {"enable-underscores-in-headers": "false", "ignore-invalid-headers": "true", "use-forwarded-headers": "false"}


def quoted(path: str) -> str:
    return path.replace("\\", "\\\\").replace('"', '\\"')


def switch(value: str) -> str:
    return {"true": "on", "false": "off"}[value]


def cors(told: dict) -> str:
    if told.get("enable-cors") != "true":
        return ""
    origin = told["cors-allow-origin"].replace(".", r"\.")
    allowed = "more_set_headers 'Access-Control-Allow-Origin: $http_origin';"
    if told.get("cors-allow-credentials", "true") == "true":
        allowed += " more_set_headers 'Access-Control-Allow-Credentials: true';"
    return f"""
        if ($http_origin ~* (({origin}))$ ) {{ set $cors 'true'; }}
        if ($request_method = 'OPTIONS') {{ set $cors ${{cors}}options; }}
        if ($cors = "true") {{ {allowed} }}
        if ($cors = "trueoptions") {{ {allowed} return 204; }}"""


def asking(path: str, told: dict, maps: dict) -> tuple[str, str]:
    """The location that asks, and what the location that is asked about says of it."""
    if "auth-url" not in told:
        return "", ""
    name = "/_external-auth-" + base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")
    more = maps[told["auth-proxy-set-headers"].split("/")[1]]
    more = "".join(f"\n        proxy_set_header '{key}' {value};" for key, value in more.items())
    location = f"""
    location = {name} {{
        internal;
        proxy_intercept_errors off;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header X-Forwarded-Proto "";
        proxy_set_header X-Request-ID $request_id;
        proxy_set_header Host auth-service.auth.svc.cluster.local;
        proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Sent-From "nginx-ingress-controller";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Auth-Request-Redirect $request_uri;
        proxy_pass_request_headers on;
        client_max_body_size {told["proxy-body-size"]};{more}
        proxy_http_version 1.1;
        set $target "{told["auth-url"]}";
        proxy_pass $target;
    }}"""
    asks = f"\n        auth_request {name};"
    for number, header in enumerate(told["auth-response-headers"].split(",")):
        variable = header.lower().replace("-", "_")
        asks += f"\n        auth_request_set $authHeader{number} $upstream_http_{variable};"
        asks += f"\n        proxy_set_header '{header}' $authHeader{number};"
    return location, asks


def ingress_nginx(things: list[dict]) -> str:
    maps = {thing["metadata"]["name"]: thing["data"] for thing in things if thing["kind"] == "ConfigMap"}
    own = {**DEFAULTS, **maps["ingress-nginx-controller"]}
    assert own["use-forwarded-headers"] == "false", "the controller would believe its clients"
    paths = {}
    for thing in (thing for thing in things if thing["kind"] == "Ingress"):
        annotations = thing["metadata"]["annotations"].items()
        told = {key.removeprefix(ANNOTATION): value for key, value in annotations}
        for path in thing["spec"]["rules"][0]["http"]["paths"]:
            assert path["pathType"] == "ImplementationSpecific", "the controller takes no regular expression here"
            paths[path["path"]] = told
    # One Ingress with `use-regex` is enough for every path of its host.
    assert any(told.get("use-regex") == "true" for told in paths.values())
    locations = ""
    for path in sorted(sorted(paths, reverse=True), key=len, reverse=True):
        told = paths[path]
        asks_at, asks = asking(path, told, maps)
        locations += f"""{asks_at}
    location ~* "^{quoted(path)}" {{{cors(told)}{asks}
        client_max_body_size {told["proxy-body-size"]};
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Request-ID $request_id;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Port $server_port;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Scheme $scheme;
        proxy_set_header X-Scheme $scheme;
        proxy_set_header X-Original-Forwarded-For $http_x_forwarded_for;
        proxy_set_header X-Original-Forwarded-Host $http_x_forwarded_host;
        proxy_set_header Proxy "";
        proxy_http_version 1.1;
        proxy_pass http://upstream_balancer;
    }}"""
    return f"""
underscores_in_headers {switch(own["enable-underscores-in-headers"])};
ignore_invalid_headers {switch(own["ignore-invalid-headers"])};
upstream upstream_balancer {{ server 127.0.0.1:3000; keepalive 320; }}
map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
server {{
    listen 127.0.0.1:8000;
    set $cors '';
    {own["server-snippet"]}{locations}
}}
"""


def main(file: str) -> None:
    with open(file, encoding="utf-8") as text:
        things = [thing for thing in yaml.safe_load_all(text) if thing]
    made = ingress_nginx(things)
    print(made.replace("auth-service.auth.svc.cluster.local:8080", "127.0.0.1:8080"))


main(*sys.argv[1:])
