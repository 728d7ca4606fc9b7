#!/usr/bin/env python3
"""The gateway takes what deploy/ ships: options and events. Usage: test_deploy.py BIN SOURCE"""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import json_schema  # noqa: E402

BIN, SOURCE = map(pathlib.Path, sys.argv[1:3])
TOKEN = "a-token-of-an-operator"


def shipped_file(name):
    """A file of the ConfigMap: the lines that stand deeper than its name."""
    lines = (SOURCE / "deploy/kubernetes/gateway.yaml").read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip() == f"{name}: |") + 1
    taken = []
    for line in lines[first:]:
        if not line.startswith("    "):
            break
        taken.append(line[4:])
    return "\n".join(taken) + "\n"


def shipped_options():
    options = {}
    for line in shipped_file("gateway.conf").splitlines():
        name, value = line.split("=", 1)
        options[name.strip()] = value.strip()
    return options


def events_schema():
    return json.loads((SOURCE / "docs/schema/events-1.schema.json").read_text(encoding="utf-8"))


def keeps_to(value, rule):
    """Whether a member of an event keeps to its rule of the schema: what json_schema does not read too."""
    if "anyOf" in rule:
        return any(keeps_to(value, one) for one in rule["anyOf"])
    if not json_schema.is_of(value, rule["type"]):
        return False
    if rule["type"] == "string":
        return re.search(rule["pattern"], value) is not None
    return rule["minimum"] <= value <= rule.get("maximum", value) and value < rule.get("exclusiveMaximum", value + 1)


@contextlib.contextmanager
def running(options):
    """The gateway with these options, as the address of its operators' port; it must end well."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "keys").write_text("ab" * 31 + "01" + "\n")
        (work / "admin-token").write_text(TOKEN + "\n")
        for secret in ("keys", "admin-token"):
            (work / secret).chmod(0o440)
        conf = work / "gateway.conf"
        given = options | {"listen": "127.0.0.1:0", "admin-listen": "127.0.0.1:0", "signing-key-file": work / "keys",
                           "admin-token-file": work / "admin-token", "shutdown-delay": "0s"}
        conf.write_text("".join(f"{name} = {value}\n" for name, value in given.items()))
        gateway = subprocess.Popen([BIN / "tacos-gateway", "--config", conf], stderr=subprocess.PIPE, text=True)
        try:
            line = next((line for line in gateway.stderr if '"listening"' in line), "")
            yield re.search(r'"admin_address":"(127\.0\.0\.1:\d+)"', line)[1]
        finally:
            gateway.terminate()
            gateway.communicate(timeout=20)
        if gateway.returncode != 0:
            raise AssertionError(f"the gateway ended with {gateway.returncode}")


def ask(admin, path):
    request = urllib.request.Request(f"http://{admin}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status, answer.read().decode()


def declared_by(text):
    """The events that a gateway lists which was started with this file of --events."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        with running({"events": file.name}) as admin:
            return json.loads(ask(admin, "/admin/events")[1])["events"]


class Deploy(unittest.TestCase):
    def test_the_gateway_starts_with_the_options_of_the_config_map(self):
        options = shipped_options()
        self.assertGreaterEqual(len(options), 8)
        self.assertIn("admin-listen", options)
        with tempfile.TemporaryDirectory() as folder:
            events = pathlib.Path(folder) / "events.json"
            events.write_text(shipped_file("events.json"))
            # The names of a cluster inside Kubernetes mean nothing here: the gateway starts, and is not ready.
            options |= {"store": "redis+cluster://127.0.0.1:1,127.0.0.1:2", "events": events}
            with running(options) as admin:
                self.assertEqual(ask(admin, "/healthz")[0], 200)

    def test_the_manifest_mounts_the_events_that_it_names(self):
        text = (SOURCE / "deploy/kubernetes/gateway.yaml").read_text(encoding="utf-8")
        self.assertEqual(shipped_options()["events"], "/config/events.json")
        self.assertIn("{name: config, mountPath: /config}", text)
        self.assertIn("{name: config, configMap: {name: tacos-gateway}}", text)

    def test_the_gateway_declares_the_events_that_are_shipped(self):
        for text in (shipped_file("events.json"), (SOURCE / "deploy/events.example.json").read_text(encoding="utf-8")):
            document = json.loads(text)
            self.assertEqual(list(json_schema.faults_of(document, events_schema())), [])
            listed = {event["event_id"]: event for event in declared_by(text)}
            self.assertEqual(len(listed), len(document["events"]))
            for event in document["events"]:
                found = listed[event["event_id"]]
                self.assertTrue(found["declared"])
                self.assertEqual(found["seats"], {"free": event["seats"], "held": 0, "sold": 0})
                for name in ("admission_rate", "price", "currency"):
                    self.assertEqual(found[name], event[name])

    def test_the_schema_takes_and_refuses_what_the_gateway_does(self):
        schema = events_schema()
        rules = schema["$defs"]["event"]["properties"]

        def is_taken(event):
            document = {"schema": "tacos.events/1", "events": [event]}
            by_schema = not list(json_schema.faults_of(document, schema)) and all(keeps_to(event[name], rules[name]) for name in event)
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(json.dumps(document))
                file.flush()
                # A port that can't be had ends a gateway that has taken the file: 3, or 2 for a file that is wrong.
                ended = subprocess.run([BIN / "tacos-gateway", "--listen", "192.0.2.1:1", "--events", file.name],
                                       stderr=subprocess.DEVNULL, timeout=20)
            self.assertIn(ended.returncode, (2, 3))
            self.assertEqual(by_schema, ended.returncode == 3, event)
            return by_schema

        for taken in ({}, {"seats": 1}, {"seats": 10_000_000}, {"admission_rate": 0}, {"admission_rate": 0.5}, {"admission_burst": 1},
                      {"opens_at": "2026-12-24T19:00:00+09:00"}, {"opens_at": 0}, {"opens_at": 4_102_444_799_999}, {"opens_at": 100_000_000_000},
                      {"price": 0}, {"price": 100_000_000_000}, {"currency": "KRW"}, {"event_id": "x" * 64}):
            self.assertTrue(is_taken({"event_id": "show"} | taken), taken)
        for refused in ({"event_id": ""}, {"event_id": "x" * 65}, {"event_id": "a b"}, {"seats": 0}, {"seats": 10_000_001}, {"seats": "5"},
                        {"seat": 5}, {"admission_rate": -1}, {"admission_rate": 1_000_000_001}, {"admission_burst": 0},
                        {"opens_at": 1}, {"opens_at": 1_798_106_400}, {"opens_at": 99_999_999_999},
                        {"opens_at": "2026-12-24"}, {"opens_at": "2026-12-24T19:00:00"}, {"opens_at": -1},
                        {"opens_at": 4_102_444_800_000}, {"price": -1}, {"price": 100_000_000_001}, {"price": 1.5},
                        {"currency": "usd"}, {"currency": "EURO"}):
            self.assertFalse(is_taken({"event_id": "show"} | refused), refused)

    def test_probes_and_scrapes_go_to_the_operators_port_and_users_do_not(self):
        text = (SOURCE / "deploy/kubernetes/gateway.yaml").read_text(encoding="utf-8")
        admin = shipped_options()["admin-listen"].rsplit(":", 1)[1]
        public = shipped_options()["listen"].rsplit(":", 1)[1]
        self.assertIn(f"{{name: admin, containerPort: {admin}}}", text)
        self.assertIn(f"{{name: public, containerPort: {public}}}", text)
        self.assertIn(f'prometheus.io/port: "{admin}"', text)
        self.assertIn("readinessProbe: {httpGet: {path: /readyz, port: admin}", text)
        self.assertIn("livenessProbe: {httpGet: {path: /healthz, port: admin}", text)
        self.assertIn("targetPort: public", text)

    def test_the_unit_file_of_systemd_says_what_the_gateway_does(self):
        unit = (SOURCE / "deploy/systemd/tacos-gateway.service").read_text(encoding="utf-8").splitlines()
        for line in ("Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "RestartPreventExitStatus=2", "WatchdogSec=30s"):
            self.assertIn(line, unit)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
