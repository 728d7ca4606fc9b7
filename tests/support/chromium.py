"""A headless Chromium, driven by its DevTools protocol over two pipes (--remote-debugging-pipe).

The browser reads commands from file descriptor 3 and writes answers and events to 4; each message is JSON and ends with a
NUL byte (https://chromedevtools.github.io/devtools-protocol/). No port is opened and nothing but Python is needed.
"""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

BINARIES = ("chromium", "chromium-browser", "google-chrome")


def find_binary():
    return next((path for path in map(shutil.which, BINARIES) if path), None)


class Failure(Exception):
    """The browser refused a command, did not answer in time or ended."""


class Browser:
    """One browser with one tab. Events that nobody waited for are kept in `events`."""

    def __init__(self, binary, patience_sec=60):
        self.patience_sec = patience_sec
        self.profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        command_out, self.commands = os.pipe()
        self.answers, answer_in = os.pipe()
        self.process = self._start(binary, command_out, answer_in)
        os.close(command_out)
        os.close(answer_in)
        self.events, self.unread, self.last_id, self.session = [], b"", 0, None
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.command(domain + ".enable")

    def _start(self, binary, commands, answers):
        options = ["--headless=new", "--remote-debugging-pipe", "--user-data-dir=" + self.profile.name, "--no-first-run",
                   "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
                   "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # the sandbox does not work for root

        def place_pipes():
            # Out of the way first: either may be 3 or 4 already.
            high = [os.dup2(commands, 203, inheritable=False), os.dup2(answers, 204, inheritable=False)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        return subprocess.Popen([binary, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place_pipes)

    def command(self, method, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        while True:
            answer = self._next()
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event):
        """The next event of that name, also when it came before this call."""
        while True:
            for i, seen in enumerate(self.events):
                if seen.get("method") == event:
                    return self.events.pop(i)["params"]
            self.events.append(self._next())

    def _next(self):
        deadline = time.monotonic() + self.patience_sec
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.answers, 1 << 20) if ready else b""
            if not chunk:
                raise Failure("the browser " + ("ended" if ready else f"said nothing for {self.patience_sec} s"))
            self.unread += chunk
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def open(self, url):
        self.events = [event for event in self.events if event.get("method") != "Page.loadEventFired"]
        error = self.command("Page.navigate", url=url).get("errorText")
        if error:
            raise Failure(f"{url}: {error}")
        self.wait_for("Page.loadEventFired")
        self.settle()

    def settle(self):
        """Waits until the page has drawn twice: observers of sizes have run by then."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))")

    def run(self, expression):
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return answer["result"].get("value")

    def complaints(self):
        """What the page complained about so far: exceptions, console errors, violations of its security policy."""
        self.run("0")  # what was said until now has arrived with its answer
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                found.append(" ".join(str(part.get("value", part.get("description"))) for part in parameters["args"]))
            elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(parameters["entry"]["text"])
        return found

    def look(self, width, height=900, dark=False, phone=False):
        """The window's size in CSS pixels and the colour scheme."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
                     mobile=phone)
        self.command("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.settle()

    def mouse(self, kind, x, y, button="none", clicks=0):
        self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=clicks,
                     buttons=1 if button == "left" and kind != "mouseReleased" else 0)

    def screenshot(self, path, whole_page=True):
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole_page)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def pdf(self):
        return base64.b64decode(self.command("Page.printToPDF", printBackground=False)["data"])

    def close(self):
        try:
            self.session = None
            self.command("Browser.close")
        except (Failure, OSError):
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
