"""Whether JupyterLab could show an explorer, and what mends it if not."""

import json
import shlex
import subprocess
import sys

import pytest

from rlnotes.scripts.front_end import EXTENSIONS, require_extensions, where_jupyterlab_looks

MANAGER, ANYWIDGET = EXTENSIONS


def put_extension(folder, name):
    package = folder / name / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text(json.dumps({"name": name}))


def put_switch(folder, entries, file="page_config.json"):
    path = folder / "labconfig" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"disabledExtensions": entries}))


@pytest.fixture
def extensions(tmp_path):
    """Two folders, as of an environment and a user, with one extension each."""
    put_extension(tmp_path / "environment", MANAGER)
    put_extension(tmp_path / "user", ANYWIDGET)
    return [str(tmp_path / "environment"), str(tmp_path / "user")]


@pytest.fixture
def config(tmp_path):
    """Two folders of configuration; the first one decides."""
    return [str(tmp_path / "first"), str(tmp_path / "second")]


def test_the_extensions_may_lie_in_different_folders(tmp_path, extensions, config):
    require_extensions(tmp_path, extensions, config)


def test_they_are_found_where_jupyterlab_runs(tmp_path):
    extensions, config = where_jupyterlab_looks(tmp_path)
    require_extensions(tmp_path, extensions, config)
    assert config[0] == str(tmp_path)


@pytest.mark.parametrize("name", EXTENSIONS)
def test_a_missing_one_is_named_with_a_command_for_its_package(tmp_path, extensions, config, name):
    (other,) = set(EXTENSIONS) - {name}
    put_extension(tmp_path / "half", other)
    (tmp_path / "half" / name).mkdir(parents=True)  # an empty folder is none
    with pytest.raises(ValueError, match=f"extension {name} is missing: run ") as refusal:
        require_extensions(tmp_path, [str(tmp_path / "half")], config)
    command = shlex.split(str(refusal.value).partition(": run ")[2])
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-1].startswith(f"{EXTENSIONS[name]}==")


def test_a_package_that_is_not_installed_comes_with_ours(tmp_path, config, monkeypatch):
    monkeypatch.setitem(EXTENSIONS, ANYWIDGET, "no_such_package")
    put_extension(tmp_path / "half", MANAGER)
    with pytest.raises(ValueError, match="anywidget is missing") as refusal:
        require_extensions(tmp_path, [str(tmp_path / "half")], config)
    assert str(refusal.value).endswith(f'"{sys.executable}" -m pip install -e "{tmp_path}"')


@pytest.mark.parametrize("entry", [MANAGER, ANYWIDGET, f"{MANAGER}:plugin", f"{ANYWIDGET}:plugin"])
@pytest.mark.parametrize("file", ["page_config.json", "page_config.d/other.json"])
def test_one_that_is_switched_off_is_named_with_the_file(tmp_path, extensions, config, entry, file):
    put_switch(tmp_path / "second", {entry: True}, file=file)
    with pytest.raises(ValueError, match="is switched off") as refusal:
        require_extensions(tmp_path, extensions, config)
    path = tmp_path / "second" / "labconfig" / "page_config.json"
    assert str(refusal.value).endswith(
        f'set "{entry}" to false under "disabledExtensions" in {path}'
    )
    put_switch(tmp_path / "second", {entry: False})  # as the sentence says
    require_extensions(tmp_path, extensions, config)


def test_the_first_folder_that_names_an_extension_decides(tmp_path, extensions, config):
    put_switch(tmp_path / "first", {ANYWIDGET: False})
    put_switch(tmp_path / "second", {ANYWIDGET: True})
    require_extensions(tmp_path, extensions, config)
    with pytest.raises(ValueError, match="anywidget is switched off"):
        require_extensions(tmp_path, extensions, config[::-1])


@pytest.mark.parametrize("content", ["", "{", '{"disabledExtensions": ["anywidget"]}'])
def test_what_is_no_such_table_is_left_to_jupyterlab(tmp_path, extensions, config, content):
    put_switch(tmp_path / "first", {})
    (tmp_path / "first" / "labconfig" / "page_config.json").write_text(content)
    require_extensions(tmp_path, extensions, config)


def test_jupyterlabs_own_switch_is_seen_and_the_command_mends_it(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "user"))
    lab = [sys.executable, "-m", "jupyter", "labextension"]
    subprocess.run([*lab, "disable", "--level=user", ANYWIDGET], check=True)
    folders = where_jupyterlab_looks(tmp_path / "first")
    with pytest.raises(ValueError, match="anywidget is switched off: run ") as refusal:
        require_extensions(tmp_path, *folders)
    subprocess.run(shlex.split(str(refusal.value).partition(": run ")[2]), check=True)
    require_extensions(tmp_path, *folders)
