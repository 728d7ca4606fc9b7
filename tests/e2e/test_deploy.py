#!/usr/bin/env python3
"""The gateway takes the options file that deploy/kubernetes ships, and starts with it. Usage: test_deploy.py BIN SOURCE"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

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
            options.update({"listen": "127.0.0.1:0", "signing-key-file": work / "keys", "admin-token-file": work / "admin-token",
                            "store": "redis+cluster://127.0.0.1:1,127.0.0.1:2", "shutdown-delay": "0s"})
            conf = work / "gateway.conf"
            conf.write_text("".join(f"{name} = {value}\n" for name, value in options.items()))
            gateway = subprocess.Popen([BIN / "tacos-gateway", "--config", conf], stderr=subprocess.PIPE, text=True)
            try:
                line = gateway.stderr.readline()
                self.assertIn('"listening"', line)
            finally:
                gateway.terminate()
                gateway.communicate(timeout=20)
            self.assertEqual(gateway.returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
