"""A server extension of `lab`: a chapter that was saved shows its pictures again.

A notebook that was run and saved holds, for each explorer, a widget view and a picture;
for each quiz, a widget view and a text. The next day the view's kernel is gone, and
JupyterLab shows an error in the view's place. So the view is left out of the file where
something stands in for it. The page that is open keeps its live explorer or quiz.
"""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Switches the extension on, as a file in jupyter_server_config.d.
CONFIG = {"ServerApp": {"jpserver_extensions": {"rlnotes.scripts.save_hook": True}}}


def has_stand_in(data: dict) -> bool:
    """Whether an output shows something without its widget: a picture, or a text."""
    return "image/png" in data or "text/markdown" in data


def keep_pictures(model: dict, **_where) -> None:
    """Remove the widget view of each output that has a picture or text, in place.

    Args:
        model: what Jupyter Server is about to save; only notebooks are changed.
    """
    if model.get("type") != "notebook":
        return
    for cell in model["content"].get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if has_stand_in(data):
                data.pop(WIDGET_VIEW, None)


def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server) -> None:
    # Registered beside a hook that the user may have set, not in its place.
    server.contents_manager.register_pre_save_hook(keep_pictures)
