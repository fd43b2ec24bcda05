"""Recorded and drawn again, artists look as Agg draws them: pixel against pixel."""

import numpy as np
import pytest
from matplotlib import collections, patches, patheffects
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import BboxImage, NonUniformImage
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from rlnotes.plotting.numbers import Labels
from rlnotes.plotting.recorder import Recorder
from rlnotes.plotting.style import house_style
from tests.plotting import replay

X = np.linspace(0, 1, 50)
GRID = np.meshgrid(X, X)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape)


def shown(draw) -> tuple[np.ndarray, np.ndarray]:
    """What `draw` puts on Axes of 352 x 264 pixels that show the unit square.

    First from a frame, then from Agg.
    """
    with house_style():
        figure = Figure(figsize=(4, 3), dpi=110)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes([0.1, 0.1, 0.8, 0.8], xlim=(0, 1), ylim=(0, 1))
        axes.set_axis_off()
        axes.set_autoscale_on(False)
        draw(axes)
        canvas.draw()
        expected = np.asarray(canvas.buffer_rgba())[..., :3]
        recorder = Recorder(figure)
        frame = recorder.record([figure])
    return replay.draw([frame], recorder.sheet.data), expected


def assert_alike(drawn: np.ndarray, expected: np.ndarray, *, share: float = 0.0005) -> None:
    marked = replay.differing(drawn, expected)
    assert marked.mean() <= share
    assert not replay.has_block(marked, 3)


def patch(axes, path, codes=None, **style):
    axes.add_patch(patches.PathPatch(Path(path, codes), **style))


# Lines.


def plain_lines(axes):
    axes.plot(X, X**2)
    axes.plot(X, 0.5 + 0.4 * np.sin(40 * X), lw=0.7)


def dashed_lines(axes):
    styles = ["-", "--", ":", "-.", (3, (5, 1, 2, 1)), (0, (5,)), (0, ())]
    for i, style in enumerate(styles):
        for j, cap in enumerate(["butt", "round", "projecting"]):
            y = np.array([0, 0.1, 0, 0.05]) + i * 0.12 + j * 0.03
            caps = {"dash_capstyle": cap, "solid_capstyle": cap}
            axes.plot([0.1, 0.3, 0.6, 0.9], y, ls=style, lw=1 + i, **caps)


def joins(axes):
    for j, join in enumerate(["miter", "round", "bevel"]):
        y = np.array([0, 0.25, 0, 0.15]) + j / 3
        axes.plot([0.1, 0.3, 0.4, 0.5], y, lw=12, solid_joinstyle=join)
        axes.plot([0.6, 0.65, 0.7], y[:3], lw=8, solid_joinstyle=join)


def level_lines(axes):
    for i in range(20):
        axes.axhline(i * 0.0523, lw=0.3 + 0.2 * i, alpha=0.5)
        axes.axvline(i * 0.0477, lw=0.3 + 0.2 * i)


def gaps(axes):
    axes.plot(X, np.where((X > 0.4) & (X < 0.5), np.nan, X))
    axes.plot(X, np.where(random(50) < 0.3, np.nan, 1 - X), "o-")
    axes.plot([0, 1, np.inf, 0.5], [0, 1, 2, np.nan])
    axes.add_patch(patches.Polygon([(0, 0), (1, 0), (np.nan, 0.5), (1, 1), (0, 0.3)], closed=True))


def points_and_ends(axes):
    for i, cap in enumerate(["butt", "round", "projecting"]):
        axes.plot([0.2 * i + 0.1], [0.5], lw=20, solid_capstyle=cap)
        axes.plot(2 * [0.2 * i + 0.1], [0.2, 0.2], lw=20, solid_capstyle=cap)


def many_points(axes):
    x = np.linspace(0, 1, 20_000)
    axes.plot(x, 0.5 + 0.4 * np.sin(300 * x), lw=1)


def snapping(axes):
    for i, snap in enumerate([None, True, False]):
        axes.plot([0.1, 0.4, 0.9], [0.13, 0.13, 0.6 + 0.1 * i], snap=snap, lw=3)
        axes.add_patch(patches.Rectangle((0.2, 0.2 + 0.2 * i), 0.31, 0.17, snap=snap, fill=False))
        axes.plot(X[::9], X[::9] * 0.5, "s", snap=snap)
        axes.plot(X[::9], X[::9] * 0.8, "^", snap=snap)


# Shapes.


def shapes(axes):
    axes.add_patch(patches.Rectangle((0.123, 0.2), 0.31, 0.21, lw=1))
    axes.add_patch(patches.Rectangle((0.5, 0.2), 0.31, 0.21, lw=0))
    axes.add_patch(patches.Rectangle((0.5, 0.6), 0.31, 0.21, lw=2.5, angle=20, ec="k"))
    axes.add_patch(patches.Polygon([(0.1, 0.6), (0.3, 0.6), (0.3, 0.8)], lw=3, closed=False))
    axes.add_patch(patches.Rectangle((0.6, 0.45), 0.3, 0.1, ec=(0, 0, 0, 0), lw=1, fc="g"))


def faded(axes):
    axes.plot(X, X, lw=20, alpha=0.3, color="r")
    axes.plot(X, 1 - X, lw=20, color=(0, 0, 1, 0.4))
    axes.fill_between(X, X, alpha=0.5, fc=(1, 0, 0, 0.2))
    axes.axvspan(0.2, 0.4, fc=(1, 0, 0, 0.3), ec=(0, 0, 1, 0.5), lw=5)


def curves(axes):
    axes.add_patch(patches.Circle((0.5, 0.5), 0.3, lw=4, ls="--"))
    axes.add_patch(patches.FancyBboxPatch((0.1, 0.1), 0.3, 0.2, boxstyle="round,pad=.05"))
    axes.add_patch(patches.Wedge((0.7, 0.7), 0.2, 10, 300))
    patch(axes, [(0, 0), (0.5, 1), (1, 0)], [1, 3, 3], fill=False)
    arrow = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=.3", "mutation_scale": 20}
    axes.add_patch(patches.FancyArrowPatch((0.1, 0.9), (0.8, 0.2), **arrow))


def two_rings(axes):
    points = [(0, 0), (0.2, 0), (0.2, 0.2), (0, 0), (0.5, 0.5), (0.7, 0.5), (0.7, 0.9), (0, 0)]
    patch(axes, points, [1, 2, 2, 79, 1, 2, 2, 79], lw=4)


def hatches(axes):
    for i, hatch in enumerate(["/", "\\\\", "|", "-", "+", "x", "o", "O", ".", "*", "oo//"]):
        style = {"ec": f"C{i}", "lw": i * 0.3, "alpha": None if i % 2 else 0.5}
        axes.bar(i / 11, 0.5 + 0.04 * i, 0.08, hatch=hatch, fc="w", **style)
    box = {"hatch": "o", "hatch_linewidth": 3, "hatchcolor": (0, 1, 0, 0.5), "fc": "none"}
    axes.add_patch(patches.Rectangle((0.1, 0.6), 0.8, 0.3, ec="none", **box))


# Far outside.


def far_lines(axes):
    axes.plot([-1000, 1000], [-2000, 2001], lw=3)
    axes.plot([-1000, 1000], [-1999, 2001], lw=3, clip_on=False)
    axes.plot([0.2, 0.5, 0.7], [0, 1e7, 0], lw=3, ls="--")
    axes.plot([0, 1], [1e300, -1e300])


def far_shapes(axes):
    axes.fill([-1e4, 0.5, 1e4], [0, 0.9, 0], ec="k", lw=8, alpha=0.5)
    axes.add_patch(patches.Circle((0.5, -500), 500.5, ec="r", lw=5, fc="g"))
    axes.add_patch(patches.Rectangle((-1e4, 0.2), 2e4, 0.3, fill=False, hatch="xx", ec="b"))
    axes.add_patch(patches.Polygon([(-1e4, 0.9), (0.5, 1), (0.6, 0.7)], closed=False, lw=5))
    axes.fill_between([0, 1], [0.8, 0.9], [1e6, 1e6], alpha=0.3)


def far_frames(axes):
    # A square around the figure, with a hole in it that is seen.
    outer = [(-1e4, -1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, 1e4), (0, 0)]
    inner = [(0.2, 0.2), (0.3, 0.8), (0.8, 0.7), (0.7, 0.3), (0, 0)]
    codes = [1, 2, 2, 2, 79]
    patch(axes, outer + inner[-2::-1] + inner[-1:], codes + codes, fc="y", ec="r", lw=3)


def far_curves(axes):
    axes.add_patch(patches.Circle((0.5, 0.5), 100, fill=False, lw=5))
    patch(axes, [(0, 0), (0.5, 1e4), (1, 0)], [1, 3, 3], fill=False, lw=4)
    patch(axes, [(0, 0), (0.3, 1e3), (0.6, -1e3), (1, 1)], [1, 4, 4, 4], fc="c", lw=4)


def far_collections(axes):
    triangles = [[(-1e4, 0.1), (1e4, 0.2), (1e4, 0.4)], [(0.1, 0.1), (0.2, 0.5), (0.3, 0.1)]]
    axes.add_collection(collections.PolyCollection(triangles, fc=["r", "g"], ec="k", lw=3))
    axes.scatter([0.1, 1e6, 0.5, 100], [0.5, 0.2, -1e7, 1], s=[9, 99, 999, 400], clip_on=False)


# Markers and collections.


def markers(axes):
    kinds = (*Line2D.filled_markers, "+", "x", "1", ",", "|", "_", 0, 4, "$\\alpha$", (5, 1, 20))
    for i, kind in enumerate(kinds):
        sizes = {"ms": 6 + (i % 7), "mew": 0.5 + 0.3 * (i % 5), "mfc": f"C{i % 10}", "mec": "k"}
        x = np.linspace(0, 0.9, 6) + 0.013 * i
        axes.plot(x, np.full(6, i * 0.03), ls="", marker=kind, alpha=0.6, **sizes)


def whole_markers(axes):
    # Shapes that lie on whole pixels as they are: 72 / 110 points are a pixel.
    for i in range(1, 9):
        style = {"ms": i * 72 / 55, "mew": 2 * 72 / 110, "mec": "k"}
        axes.plot(X[::9] + 0.01 * i, np.full(6, 0.1 * i + 0.003), "s", **style)


def hollow_markers(axes):
    axes.plot(X, X, "o", mfc="none")
    axes.plot(X, 1 - X, "s", mec="none")
    axes.plot(X, X * 0.5, "D", mew=0)
    axes.plot(X, X * 0.3, "o", fillstyle="left")
    axes.plot([0, 0.5], [0.9, 0.8], ls="--", marker="o", ms=20, mew=3, mfc="none")


def markers_at_the_edge(axes):
    axes.plot([0, 1, 0.5, 0.5], [0.5, 0.5, 0, 1], "o", ms=30)
    axes.plot([0, 1], [0, 1], "s", ms=30, clip_on=False)
    axes.plot([-500, 0.1], [0.1, 1e9], "o", clip_on=False)


def large_markers(axes):
    axes.plot([0.2, 0.5], [0.5, 0.6], "o", ms=400, mfc="none")
    axes.plot([0.2, 0.5], [0.5, 0.6], "s", ms=300, alpha=0.2)


def scattered(axes):
    x, y, size = random(3, 60)
    axes.scatter(x, y, s=size * 900, c=size, alpha=0.5, ec="k", lw=2)
    axes.scatter(y, x, marker="s", s=60, c="g")
    axes.scatter(size, x, marker="x", s=60, c="r")
    axes.scatter(size, y, marker="s", s=90, fc="none", ec="r", hatch="//")
    axes.scatter([0.1, np.nan, 0.5], [0.1, 0.2, 0.7], s=[10, 900, 400], c=["r", "g", "b"])


def arrows(axes):
    axes.quiver(*random(2, 20), *(random(2, 20) - 0.5), color="r")
    axes.barbs(X[::7], X[::7], X[::7] * 60, X[::7] * 20)
    axes.streamplot(*GRID, GRID[1] - 0.5, 0.5 - GRID[0])


def line_collections(axes):
    lines = [np.column_stack([X, X * i * 0.1]) for i in range(10)]
    style = {"colors": ["r", "g", (0, 0, 1, 0.3)], "lw": [1, 3], "linestyles": ["-", "--", ":"]}
    axes.add_collection(collections.LineCollection(lines, **style))
    axes.vlines(X, 0, X, lw=1)
    axes.errorbar(X[::5], X[::5], 0.1, 0.05, capsize=4)


def polygons(axes):
    axes.fill_between(X, X, X**2, hatch="//", fc="y", ec="r", alpha=0.5)
    axes.fill_between(X, 1, 1 - 0.3 * X, where=X > 0.4, step="mid", lw=0)
    triangles = [[(0, 0), (0.5, 0), (0.5, 0.4)], [(0.6, 0), (1, 0), (1, 0.4)]]
    style = {"fc": ["r", "none"], "ec": ["b", "g"], "hatch": "xx", "hatchcolors": ["y", "k"]}
    axes.add_collection(collections.PolyCollection(triangles, lw=2, **style))
    box = [[(0.1, 0.4), (0.52, 0.4), (0.52, 0.9), (0.1, 0.9)]]
    axes.add_collection(collections.PolyCollection(box, fc="c", ec=(0, 0, 0, 0), lw=1))


def meshes(axes):
    x, y = np.linspace(0, 0.45, 10), np.linspace(0, 0.45, 8)
    axes.pcolormesh(x, y, random(7, 9))
    axes.pcolormesh(x + 0.5, y, random(7, 9), antialiased=True)
    axes.pcolormesh(x, y + 0.5, random(7, 9), ec="k", lw=2)
    axes.pcolor(x + 0.5, y + 0.5, random(7, 9), ec="w", ls="--")


def slanted_mesh(axes):
    x, y = np.meshgrid(np.linspace(0.1, 0.8, 8), np.linspace(0.2, 0.8, 6))
    axes.pcolormesh(x + 0.3 * y, y - 0.2 * x, random(5, 7), alpha=0.5)
    axes.tripcolor(*random(3, 30) * 0.4)


def contours(axes):
    x, y = GRID
    axes.contourf(x, y, np.sin(8 * x) * y, hatches=["/", None, "x"])
    axes.clabel(axes.contour(x, y, np.cos(8 * x) * y, colors="k"))


# Images.


def picture(data, **options):
    style = {"extent": (0, 1, 0, 1), "aspect": "auto", "interpolation": "nearest"} | options
    return lambda axes: axes.imshow(data, **style)


def part_of_picture(interpolation):
    def draw(axes):
        extent = (-0.333, 1.222, -0.21, 1.13)
        picture(random(20, 30), extent=extent, interpolation=interpolation)(axes)

    return draw


def turned_picture(interpolation):
    def draw(axes):
        extent = (0.4, 0.9, 0.1, 0.6)
        image = picture(random(20, 30), extent=extent, interpolation=interpolation)(axes)
        image.set_transform(Affine2D().rotate_deg(20) + axes.transData)

    return draw


def round_picture(interpolation):
    def draw(axes):
        image = picture(random(20, 30), interpolation=interpolation)(axes)
        image.set_clip_path(patches.Circle((0.5, 0.5), 0.4, transform=axes.transData))

    return draw


def special_images(axes):
    figure = axes.get_figure()
    figure.figimage((random(30, 40) * 255).astype(np.uint8), 20.6, 30.6, alpha=0.5)
    box = BboxImage(Bbox([(50, 60), (200, 150)]), interpolation="nearest")
    box.set_data(random(5, 6))
    axes.add_artist(box)
    axes.add_artist(AnnotationBbox(OffsetImage(random(15, 16), zoom=4.3), (0.5, 0.5)))
    uneven = NonUniformImage(axes, extent=(0.5, 1, 0.6, 1), interpolation="nearest")
    uneven.set_data([0.5, 0.6, 1], [0.6, 0.7, 1], random(3, 3))
    axes.add_image(uneven)
    axes.pcolorfast([0, 0.1, 0.2, 0.4], [0.6, 0.7, 0.8, 1], random(3, 3), alpha=0.5)


# Text.


def texts(axes):
    axes.text(0.1, 0.5, "AVATAR To fi ffi \N{MINUS SIGN}3.25", size=20)
    axes.text(0.1, 0.2, "Äpfel µ αβγ naïve", weight="bold", style="italic")
    axes.text(0.5, 0.8, "two\nlines ggg", ha="center", color=(1, 0, 0, 0.5))
    axes.text(0.5, 0.1, "alpha", alpha=0.3, size=40)
    axes.text(0, 0, "mono 123", family="monospace")
    axes.text(0.9, 0.5, "cut off at the edge", clip_on=True, size=30)
    axes.text(20.4, 0.5, "out of sight", clip_on=False)
    axes.text(0, 0.9, "no joined letters: fi ffi", fontfeatures=["-liga", "-kern"])
    labels = Labels(axes, [(0.2, 0.35), (0.8, 0.95)], size=12.5, zorder=9)
    labels.set_texts(["1.25", "\N{MINUS SIGN}7"])


def turned_texts(axes):
    for i, angle in enumerate([0, 30, 45, 90, 135, 180, 210, 270, -20, 359.99]):
        mode = "anchor" if i % 2 else None
        axes.text(0.1 * i, 0.5, "Turned 12", rotation=angle, rotation_mode=mode, size=9 + i)


def formulas(axes):
    axes.text(0.1, 0.6, r"$\frac{a+b}{\sqrt{c_2}} = \sum_{i=0}^n x_i^{2}$ text", size=20)
    axes.text(0.1, 0.2, r"$\hat A_t \pi_\theta(a\mid s)$", rotation=90)
    axes.text(0.6, 0.2, r"$\frac{1}{2}$", rotation=30, size=30)
    axes.text(0.8, 0.4, r"$\frac{1}{2}$", alpha=0.4, size=30)


def boxed_texts(axes):
    box = {"boxstyle": "round", "fc": "y", "ec": "r", "alpha": 0.5}
    axes.text(0.5, 0.5, "boxed", bbox=box)
    axes.annotate("note", (0.2, 0.2), (0.7, 0.8), arrowprops={"arrowstyle": "->"})


# Limits and effects.


def clip_paths(axes):
    circle = {"transform": axes.transData}
    (line,) = axes.plot(X, X, lw=20)
    line.set_clip_path(patches.Circle((0.5, 0.5), 0.3, **circle))
    (line,) = axes.plot(X, 1 - X, lw=20)
    line.set_clip_path(patches.Circle((0.5, 0.5), 300, **circle))
    dots = axes.scatter(X, 0.5 + 0 * X, s=900)
    dots.set_clip_path(patches.Polygon([(0, 0.5), (1, 0.4), (1, 0.6)], **circle))


def clip_boxes(axes):
    for i in range(8):
        (line,) = axes.plot([0, 1], [i * 0.1, i * 0.1 + 0.3], lw=9, marker="s", ms=20)
        line.set_clip_path(None)
        line.set_clip_box(Bbox([(40.25 * i + 10.5, 20.5 + i / 8), (40.25 * (i + 1), 200.5)]))


def effects(axes):
    stroke = patheffects.withStroke(linewidth=8, foreground="r")
    axes.plot(X, X, path_effects=[stroke])
    axes.plot(X, 1 - X, "o", path_effects=[patheffects.SimpleLineShadow(), patheffects.Normal()])
    axes.text(0.2, 0.5, r"effect $\frac{a}{b}$", size=30, path_effects=[stroke])
    axes.scatter(X, 0.1 + 0 * X, path_effects=[patheffects.withSimplePatchShadow()])
    axes.plot(X, X**3, rasterized=True, lw=4)
    axes.bar(0.8, 0.2, 0.1, path_effects=[patheffects.TickedStroke(spacing=7, angle=135)])


def unseen(axes):
    axes.plot(X, X, visible=False)
    axes.plot(X, X, alpha=0)
    axes.plot(X, X, lw=0)
    axes.plot(X, X, color="none")
    axes.scatter([], [])
    axes.text(0.5, 0.5, " ")


def furniture(axes):
    axes.set_axis_on()
    axes.loglog(X + 0.01, X + 0.01, "o-", label="a")
    axes.set(xlim=(0.01, 1), ylim=(0.01, 1))
    axes.grid(which="both")
    axes.bar(0.5, 0.5, 0.1, label="b", hatch="/")
    axes.legend(frameon=True, shadow=True, loc="upper left")
    axes.table([["a", "b"], ["1", "2"]], loc="center")


ARTISTS = [plain_lines, dashed_lines, joins, level_lines, gaps, points_and_ends, many_points]
ARTISTS += [snapping, shapes, faded, curves, two_rings, hatches]
ARTISTS += [far_lines, far_shapes, far_frames, far_curves, far_collections]
ARTISTS += [markers, whole_markers, hollow_markers, markers_at_the_edge, large_markers, scattered]
ARTISTS += [arrows, line_collections, polygons, meshes, contours, special_images]
ARTISTS += [texts, turned_texts, formulas, boxed_texts, clip_paths, clip_boxes, effects, unseen]
ARTISTS += [furniture]
MASKED = np.ma.masked_greater(random(9, 12), 0.7)
IMAGES = {
    "squares": picture(random(5, 8)),
    "unsampled": picture(random(5, 8), interpolation="none", origin="lower"),
    "smooth": picture(random(33, 47), interpolation="antialiased"),
    "faded squares": picture(random(5, 8), alpha=0.5),
    "faded": picture(random(5, 8), interpolation="bilinear", alpha=0.5),
    "squares, each with its alpha": picture(random(5, 8), alpha=random(5, 8)),
    "unsampled, each with its alpha": picture(
        random(5, 8), interpolation="none", alpha=random(5, 8)
    ),
    "each with its alpha": picture(random(5, 8), interpolation="bilinear", alpha=random(5, 8)),
    "colours": picture(random(50, 80, 3)),
    "colours with alpha": picture(random(50, 80, 4), alpha=0.7),
    "smooth colours with alpha": picture(random(50, 80, 4), interpolation="hanning", alpha=0.7),
    "masked": picture(MASKED),
    "mirrored": picture(random(20, 30), extent=(1, 0, 1, 0)),
    "part of squares": part_of_picture("nearest"),
    "part": part_of_picture("bilinear"),
    "turned squares": turned_picture("nearest"),
    "turned": turned_picture("bilinear"),
    "round squares": round_picture("nearest"),
    "round": round_picture("bilinear"),
}


@pytest.mark.parametrize("draw", ARTISTS, ids=lambda draw: draw.__name__)
def test_artists_look_the_same(draw):
    drawn, expected = shown(draw)
    assert_alike(drawn, expected)
    # Two empty pictures would be alike, too.
    assert (expected < 250).any() != (draw in (unseen, points_and_ends))


@pytest.mark.parametrize("name", IMAGES)
def test_images_look_the_same(name):
    drawn, expected = shown(IMAGES[name])
    assert_alike(drawn, expected)
    assert (expected < 250).any(axis=-1).mean() > 0.1


def test_slanted_cells_differ_at_their_edges_only():
    # They are not smoothed: a coordinate in sixteenths turns a pixel here and there.
    assert_alike(*shown(slanted_mesh), share=0.002)


def test_the_comparison_sees_a_line_that_is_half_a_pixel_off():
    drawn, expected = shown(level_lines)
    moved = (drawn + np.roll(drawn, 1, axis=0)) // 2
    with pytest.raises(AssertionError):
        assert_alike(moved, expected)
