"""Run pip, and say all the while what it does: `python nbs/_install.py LOG install -e . …`.

On a terminal one line changes every second; elsewhere a line is written every five. All that pip says is in LOG. What pip's
last lines were is shown when it fails. Only the standard library is needed: nothing else is there yet.
"""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

DOWNLOAD = re.compile(r"^\s*Downloading (\S+?)(?:-py\S+|-cp\S+|\.tar\.gz)\S* \((.+)\)")


class Doing:
    "What pip is at, from its own words."

    def __init__(self) -> None:
        self.found, self.now, self.since = 0, "asking the package index", time.monotonic()

    def hear(self, line: str) -> None:
        if re.match(r"(Collecting|Processing|Obtaining) ", line):
            self.found += 1
            self.say(f"{self.found} package{'s' * (self.found > 1)} found")
        elif match := DOWNLOAD.match(line):
            self.say(f"downloading {match[1].replace('-', ' ')}, {match[2]}")
        elif line.startswith("Installing collected packages"):
            self.say(f"unpacking {line.count(',') + 1} packages")

    def say(self, what: str) -> None:
        self.now, self.since = what, time.monotonic()

    def __str__(self) -> str:
        seconds = int(time.monotonic() - self.since)
        return f"{self.now}{f', {seconds} s' if seconds else ''}"


def main(log: str, *arguments: str) -> int:
    doing, lines = Doing(), []
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--progress-bar", "off"]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")

    def listen() -> None:
        with open(log, "w", encoding="utf-8") as file:
            for line in pip.stdout or ():
                file.write(line)
                file.flush()
                lines.append(line)
                doing.hear(line)

    thread = threading.Thread(target=listen)
    thread.start()
    live, begun, shown = sys.stdout.isatty(), time.monotonic(), ""
    while thread.is_alive():
        thread.join(1 if live else 5)
        if live:
            print(f"\r{str(doing)[:78]:<78}", end="", flush=True)
        elif str(doing) != shown:
            print(shown := str(doing), flush=True)
    code = pip.wait()
    print("\r" * live + (f"Installed in {time.monotonic() - begun:.0f} s." if code == 0 else "").ljust(78 * live))
    if code:
        print(f"{''.join(lines[-20:])}pip could not install everything: see {Path(log)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
