"""Whether JupyterLab has the extensions without which no explorer works.

JupyterLab serves them from its own environment, not from that of a kernel. Without
them an explorer is an error in JavaScript, or a picture without sliders.
"""

import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

# The extensions, each with the package that brings it.
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "anywidget": "anywidget"}


def where_jupyterlab_looks(first: Path) -> tuple[list[str], list[str]]:
    """Folders of extensions and of configuration, if this Python runs JupyterLab.

    Args:
        first: a folder of configuration that comes before the usual ones.
    """
    # Imported here: where nothing is installed yet, another check says so in one line.
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    return jupyter_path("labextensions"), [str(first), *jupyter_config_path()]


def require_extensions(root: Path, extensions: Iterable[str], config: Iterable[str]) -> None:
    """Find out whether JupyterLab can show the explorers.

    Args:
        root: the checkout.
        extensions: the folders in which JupyterLab looks for extensions.
        config: the folders of its configuration, the one that decides first.

    Raises:
        ValueError: if an extension is missing or switched off, with the remedy.
    """
    for name, package in EXTENSIONS.items():
        if not any((Path(folder) / name / "package.json").is_file() for folder in extensions):
            raise _refusal(name, "missing", _install(package, root))
        for entry in (name, f"{name}:plugin"):  # all parts of it, or the main one
            folder = _switched_off_in(entry, config)
            if folder:
                raise _refusal(name, "switched off", _enable(entry, folder))


def _refusal(name: str, state: str, remedy: str) -> ValueError:
    return ValueError(
        f"no explorer would work, since JupyterLab's extension {name} is {state}: {remedy}"
    )


def _switched_off_in(entry: str, config: Iterable[str]) -> str | None:
    """The folder of configuration that switches an entry off, if one does."""
    from jupyter_server.config_manager import BaseJSONConfigManager

    for folder in config:
        manager = BaseJSONConfigManager(config_dir=str(Path(folder) / "labconfig"))
        disabled = manager.get("page_config").get("disabledExtensions", {})
        if isinstance(disabled, dict) and entry in disabled:
            return folder if disabled[entry] else None
    return None


def _install(package: str, root: Path) -> str:
    """What brings a package, or its files if Python thinks that they are there."""
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return f'run "{sys.executable}" -m pip install -e "{root}"'
    again = "install --force-reinstall --no-deps"
    return f'run "{sys.executable}" -m pip {again} {package}=={version}'


def _enable(entry: str, folder: str) -> str:
    """What switches an entry on again where it was switched off."""
    from jupyter_core.paths import ENV_CONFIG_PATH, SYSTEM_CONFIG_PATH, jupyter_config_dir

    levels = {
        **dict.fromkeys(SYSTEM_CONFIG_PATH[:1], "system"),
        **dict.fromkeys(ENV_CONFIG_PATH[:1], "sys_prefix"),
        jupyter_config_dir(): "user",
    }
    if folder not in levels:
        file = Path(folder) / "labconfig" / "page_config.json"
        return f'set "{entry}" to false under "disabledExtensions" in {file}'
    command = f'labextension enable --level={levels[folder]} "{entry}"'
    return f'run "{sys.executable}" -m jupyter {command}'
