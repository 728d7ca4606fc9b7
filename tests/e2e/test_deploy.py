#!/usr/bin/env python3
"""The gateway takes the options file that deploy/kubernetes ships, and starts with it. Usage: test_deploy.py BIN SOURCE"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

BIN, SOURCE = map(pathlib.Path, sys.argv[1:3])


def shipped_options():
    """The lines of gateway.conf in the ConfigMap: what stands deeper than its name."""
    lines = (SOURCE / "deploy/kubernetes/gateway.yaml").read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip() == "gateway.conf: |") + 1
    options = {}
    for line in lines[first:]:
        if not line.startswith("    "):
            break
        name, value = line.split("=", 1)
        options[name.strip()] = value.strip()
    return options


class Deploy(unittest.TestCase):
    def test_the_gateway_starts_with_the_options_of_the_config_map(self):
        options = shipped_options()
        self.assertGreaterEqual(len(options), 8)
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            (work / "keys").write_text("ab" * 31 + "01" + "\n")
            (work / "admin-token").write_text("a-token-of-an-operator\n")
            # The names of a cluster inside Kubernetes mean nothing here: the gateway starts, and is not ready.
            for secret in ("keys", "admin-token"):
                (work / secret).chmod(0o440)
            self.assertIn("admin-listen", options)
            options.update({"listen": "127.0.0.1:0", "admin-listen": "127.0.0.1:0", "signing-key-file": work / "keys", "admin-token-file": work / "admin-token",
                            "store": "redis+cluster://127.0.0.1:1,127.0.0.1:2", "shutdown-delay": "0s"})
            conf = work / "gateway.conf"
            conf.write_text("".join(f"{name} = {value}\n" for name, value in options.items()))
            gateway = subprocess.Popen([BIN / "tacos-gateway", "--config", conf], stderr=subprocess.PIPE, text=True)
            try:
                line = gateway.stderr.readline()
                self.assertIn('"listening"', line)
                admin = re.search(r'"admin_address":"(127\.0\.0\.1:\d+)"', line)[1]
                self.assertEqual(urllib.request.urlopen(f"http://{admin}/healthz", timeout=5).status, 200)
            finally:
                gateway.terminate()
                gateway.communicate(timeout=20)
            self.assertEqual(gateway.returncode, 0)


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
