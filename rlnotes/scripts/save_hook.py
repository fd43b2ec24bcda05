"""A server extension of `lab`: a chapter that was saved shows its pictures again.

A notebook that was run and saved holds, for each explorer, a widget view and a picture.
The next day the view's kernel is gone, and JupyterLab shows an error in the view's
place, not the picture. So the view is left out of the file where there is a picture.
The page that is open keeps its live explorer.
"""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Switches the extension on, as a file in jupyter_server_config.d.
CONFIG = {"ServerApp": {"jpserver_extensions": {"rlnotes.scripts.save_hook": True}}}


def keep_pictures(model: dict, **_where) -> None:
    """Remove the widget view of each output that has a picture, in place.

    Args:
        model: what Jupyter Server is about to save; only notebooks are changed.
    """
    if model.get("type") != "notebook":
        return
    for cell in model["content"].get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data.pop(WIDGET_VIEW, None)


def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server) -> None:
    # Registered beside a hook that the user may have set, not in its place.
    server.contents_manager.register_pre_save_hook(keep_pictures)
