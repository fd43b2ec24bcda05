#!/usr/bin/env bash
# jupyter_server 2.21.1: a save hook given by its import name works from the
# configuration, but not when it is assigned.
#
# Guess: pre_save_hook takes "a Python callable or importstring", however it is set.
# Seen: from a configuration the name is imported. Assigned to a manager that has no hook
# yet, the same name raises an AttributeError about None, for the old value is looked up
# in place of the new one. register_pre_save_hook takes a callable, and adds to others.
#
# Output seen:
#   from the configuration: dumps
#   assigned: AttributeError 'NoneType' object has no attribute 'rsplit'
#   registered: dumps
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jupyter_server==2.21.1
"$folder/venv/bin/python" - <<'PY'
import json

from jupyter_server.services.contents.filemanager import FileContentsManager
from traitlets.config import Config

config = Config()
config.FileContentsManager.pre_save_hook = "json.dumps"
print("from the configuration:", FileContentsManager(config=config).pre_save_hook.__name__)
manager = FileContentsManager()
try:
    manager.pre_save_hook = "json.dumps"
    raise SystemExit("assigned: no error any more")
except AttributeError as error:
    print("assigned:", type(error).__name__, error)
    assert "NoneType" in str(error)
manager.register_pre_save_hook(json.dumps)
print("registered:", json.dumps.__name__)
PY
