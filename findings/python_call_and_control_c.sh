#!/usr/bin/env bash
# Python 3.11: subprocess.call kills its child a quarter of a second after Control-C.
#
# Guess: on KeyboardInterrupt, subprocess.call waits for the child, which has received
# the same SIGINT from the terminal and may need a moment to save and stop.
# Seen: it waits 0.25 seconds, then sends SIGKILL, and raises KeyboardInterrupt. A server
# that asks "really stop?", or that is writing a file, is cut off. A launcher should
# replace itself by the child (os.execve), or use Popen and wait again.
#
# Output seen:
#   subprocess.call: child finished False
#   Popen and wait again: child finished True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/child.py" <<'PY'
import pathlib, signal, sys, time

def stop(number, frame):
    time.sleep(1)
    pathlib.Path(sys.argv[1]).write_text("saved")
    sys.exit(0)

signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
time.sleep(30)
PY
cat >"$folder/call.py" <<'PY'
import subprocess, sys

subprocess.call([sys.executable, *sys.argv[1:]])
PY
cat >"$folder/wait.py" <<'PY'
import subprocess, sys

child = subprocess.Popen([sys.executable, *sys.argv[1:]])
while child.poll() is None:
    try:
        child.wait()
    except KeyboardInterrupt:
        pass
PY
python3 - "$folder" <<'PY'
import os, pathlib, signal, subprocess, sys

folder = pathlib.Path(sys.argv[1])
for name, script, expected in (
    ("subprocess.call", "call.py", False),
    ("Popen and wait again", "wait.py", True),
):
    saved = folder / f"{script}.saved"
    launcher = subprocess.Popen(
        [sys.executable, folder / script, folder / "child.py", saved],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert launcher.stdout.readline() == b"ready\n"
    os.killpg(launcher.pid, signal.SIGINT)  # as the terminal does: to both
    launcher.wait(timeout=20)
    print(f"{name}: child finished {saved.exists()}")
    assert saved.exists() == expected
PY
