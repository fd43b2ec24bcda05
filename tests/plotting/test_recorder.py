"""What each operation says, worked by hand; 288 x 216 pixels, one for each point."""

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.image import NonUniformImage
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, TransformedPath

from rlnotes.plotting import frames
from rlnotes.plotting.bars import rectangles
from rlnotes.plotting.recorder import NotRecordableError, Recorder
from rlnotes.plotting.style import house_style
from tests.plotting import replay

HEIGHT = 216
WHOLE = [0, 0, 288, HEIGHT]
TRIANGLE = Path([(10, 20), (60, 25), (30, 90), (10, 20)], closed=True)
RED = (1.0, 0.0, 0.0, 1.0)


@pytest.fixture(autouse=True)
def style():
    with house_style():
        yield


def blank(dpi: float = 72) -> Figure:
    figure = Figure(figsize=(4, 3), dpi=dpi)
    FigureCanvasAgg(figure)
    return figure


def record(*artists: Artist, figure: Figure | None = None) -> tuple[bytes, Recorder]:
    figure = figure or blank()
    for artist in artists:
        if artist.get_figure() is None:
            figure.add_artist(artist)
    recorder = Recorder(figure)
    return recorder.record(artists), recorder


def operations(*artists: Artist, figure: Figure | None = None) -> list[replay.Operation]:
    return replay.read(record(*artists, figure=figure)[0])


def text(x, y, words, **style) -> Text:
    return Text(x, y, words, transform=IdentityTransform(), **style)


def line(x, y, **style) -> Line2D:
    return Line2D(x, y, transform=IdentityTransform(), **style)


class Drawn(Artist):
    """Calls a renderer as an artist would."""

    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def draw(self, renderer):
        self.calls(renderer, renderer.new_gc())


def path_drawn(change=lambda gc: None, face=(1.0, 1.0, 0.0)) -> tuple[bytes, bytes]:
    """A frame of the triangle, with the context changed, and the sheet."""

    def calls(renderer, gc):
        change(gc)
        renderer.draw_path(gc, TRIANGLE, IdentityTransform(), face)

    frame, recorder = record(Drawn(calls))
    return frame, recorder.sheet.data


# Paths.


def test_a_line_counts_downwards_and_carries_its_pen():
    (it,) = operations(line([10, 20], [30, 50.5], lw=2, color="red"))
    assert (it.kind, it.fill, it.stroke) == ("path", None, (255, 0, 0, 255))
    assert (it.width, it.cap, it.join, it.dashes) == (2, "projecting", "round", None)
    assert it.path.codes is None
    np.testing.assert_array_equal(it.path.vertices, [(10, 186), (20, 165.5)])
    assert (it.clip, it.clip_path, it.hatch, it.is_crisp) == (None, None, None, False)


def test_points_become_pixels_by_the_resolution():
    (it,) = operations(line([10, 20], [30, 50], lw=2, ls=(3, (5, 2))), figure=blank(dpi=144))
    assert it.width == 4
    # Matplotlib's dashes are in line widths: 2 pt * (3, 5, 2) = (6, 10, 4) pt.
    assert it.dashes == (12, [20, 8])
    np.testing.assert_array_equal(it.path.vertices, [(10, 402), (20, 382)])


@pytest.mark.parametrize("cap", ["butt", "round", "projecting"])
@pytest.mark.parametrize("join", ["miter", "round", "bevel"])
def test_caps_and_joins(cap, join):
    style = {"solid_capstyle": cap, "solid_joinstyle": join}
    (it,) = operations(line([10, 20, 30], [30, 50, 20], **style))
    assert (it.cap, it.join) == (cap, join)


def test_a_shape_is_filled_and_stroked():
    patch = PathPatch(TRIANGLE, fc="#00ff80", ec="blue", lw=1.5, transform=IdentityTransform())
    (it,) = operations(patch)
    assert (it.fill, it.stroke, it.width) == ((0, 255, 128, 255), (0, 0, 255, 255), 1.5)
    np.testing.assert_array_equal(it.path.vertices[:3], [(10, 196), (60, 191), (30, 126)])
    assert it.path.codes.tolist() == [1, 2, 2, 79]


def test_a_shape_without_an_edge_has_no_pen():
    (it,) = operations(PathPatch(TRIANGLE, fc="red", lw=0, transform=IdentityTransform()))
    assert (it.stroke, it.width) == (None, None)
    (it,) = operations(PathPatch(TRIANGLE, fill=False, lw=1, transform=IdentityTransform()))
    assert it.fill is None
    assert it.stroke == (0x22, 0x26, 0x2B, 255) or it.stroke == (0, 0, 0, 255)


def test_curves_keep_their_control_points():
    path = Path([(0, 0), (50, 90), (90, 0), (0, 50), (30, 20), (9, 9)], [1, 3, 3, 4, 4, 4])
    (it,) = operations(PathPatch(path, fill=False, transform=IdentityTransform()))
    assert it.path.codes.tolist() == [1, 3, 3, 4, 4, 4]
    np.testing.assert_array_equal(it.path.vertices[1:3], [(50, 126), (90, 216)])


def test_each_colour_keeps_its_own_alpha():
    colours = {"fc": (1, 0, 0, 0.2), "ec": (0, 0, 1, 0.4)}
    (it,) = operations(PathPatch(TRIANGLE, **colours, transform=IdentityTransform()))
    assert (it.fill, it.stroke) == ((255, 0, 0, 51), (0, 0, 255, 102))


def test_the_alpha_of_an_artist_replaces_that_of_its_colours():
    colours = {"fc": (1, 0, 0, 0.2), "ec": (0, 0, 1, 0.4), "alpha": 0.5}
    (it,) = operations(PathPatch(TRIANGLE, **colours, transform=IdentityTransform()))
    assert (it.fill, it.stroke) == ((255, 0, 0, 128), (0, 0, 255, 128))


@pytest.mark.parametrize(
    ("face", "alpha", "expected"),
    [
        ((1, 1, 0), None, (255, 255, 0, 255)),
        ((1, 1, 0), 0.5, (255, 255, 0, 128)),
        ((1, 1, 0, 0.2), None, (255, 255, 0, 51)),
        ((1, 1, 0, 0.2), 0.5, (255, 255, 0, 128)),
    ],
)
def test_faces_of_three_and_of_four_numbers(face, alpha, expected):
    (it,) = replay.read(path_drawn(lambda gc: gc.set_alpha(alpha), face)[0])
    assert it.fill == expected
    assert it.stroke == (0, 0, 0, expected[3] if alpha else 255)


@pytest.mark.parametrize(
    ("width", "expected"),
    # y = 50.3 is 165.7 from the top; odd lines lie on the middle of a pixel.
    [(1, [(10.5, 166.5), (90.5, 166.5)]), (2, [(10, 166), (90, 166)]), (3.4, None)],
)
def test_level_lines_go_to_whole_pixels(width, expected):
    (it,) = operations(line([10.2, 90.1], [50.3, 50.3], lw=width))
    if expected is None:  # 3.4 rounds to 3, which is odd
        expected = [(10.5, 166.5), (90.5, 166.5)]
    np.testing.assert_array_equal(it.path.vertices, expected)


def test_a_line_between_two_pixels_goes_to_the_lower_one():
    # 216 - 50.5 = 165.5, rounded up to 166: snapping before the flip would give 164.5.
    (it,) = operations(line([10, 90], [50.5, 50.5], lw=1))
    assert it.path.vertices[0, 1] == 166.5


@pytest.mark.parametrize(("snap", "expected"), [(False, 165.6875), (True, 166.5)])
def test_snapping_can_be_ordered(snap, expected):
    (it,) = operations(line([10.2, 90.1, 120], [50.3, 50.3, 80], lw=1, snap=snap))
    assert it.path.vertices[0, 1] == expected  # 165.7 in sixteenths: 165.6875


@pytest.mark.parametrize(("alpha", "place"), [(0, (10, 196)), (1, (10.5, 196.5))])
def test_a_line_nobody_sees_has_no_width_to_snap_to(alpha, place):
    def calls(renderer, gc):
        gc.set_foreground((0, 0, 0, alpha), isRGBA=True)
        path = Path([(10.2, 20.3), (40.2, 20.3), (40.2, 60.3)])
        renderer.draw_path(gc, path, IdentityTransform(), RED)

    (it,) = operations(Drawn(calls))
    np.testing.assert_array_equal(it.path.vertices[0], place)


def test_a_gap_of_nan_splits_a_line():
    (it,) = operations(
        line([10, 20, 30, 40, 50], [10, 30, np.nan, 30, 10], solid_joinstyle="bevel")
    )
    assert it.path.codes.tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(it.path.vertices[:, 0], [10, 20, 40, 50])


@pytest.mark.parametrize(
    "artist",
    [
        line([], []),
        line([np.nan, np.nan], [1, 2]),
        line([10, 20], [10, np.nan]),  # no line leads anywhere
        line([1, 50], [1, 9], visible=False),
        line([1, 50], [1, 9], lw=0, ls="none"),
        line([-50, -10], [-50, -20]),  # cut off
        text(10, 10, ""),
        text(10, 10, "  "),
        text(10, 10, "a", visible=False),
        Line2D([], [], marker="o"),
        line([5000, 9000], [1, 1], marker="o", ls=""),
    ],
)
def test_what_nobody_sees_is_no_operation(artist):
    assert operations(artist) == []


def test_nothing_drawn_is_a_frame_without_operations():
    recorder = Recorder(blank())
    assert recorder.record([]) == frames.frame_head(288, 216, 16)


def test_an_empty_figure_is_its_patch():
    figure = blank()
    (it,) = replay.read(Recorder(figure).record([figure]))
    assert it.fill == (255, 255, 255, 255)
    assert it.path.get_extents().bounds == (0, 0, 288, 216)


def test_a_shape_far_outside_is_cut_and_stroked_apart():
    far = Polygon([(-1e6, 50), (100, 200), (1e6, 50)], fc="red", ec="blue", lw=2, transform=None)
    area, edge = operations(far)
    assert (area.fill, area.stroke) == ((255, 0, 0, 255), None)
    assert (edge.fill, edge.stroke) == (None, (0, 0, 255, 255))
    assert area.path.get_extents().extents == pytest.approx([-64, 16, 352, 166], abs=0.1)
    # The two sides that are seen: the tip at (100, 16), and the level one 166 below.
    heights = edge.path.vertices[:, 1]
    assert sorted({round(y) for y in heights.tolist()}) == [16, 166]


def test_an_open_shape_is_not_closed_by_the_cut():
    far = Polygon([(-1e6, 50), (100, 200), (1e6, 50)], closed=False, fc="red", lw=2, transform=None)
    _, edge = operations(far)
    assert edge.path.vertices[:, 1].max() < 17  # not at 166


def test_a_line_that_leaves_the_figure_is_cut_a_pixel_outside():
    (it,) = operations(line([-1e9, 1e9], [100.2, 100.2], lw=1))
    assert it.path.get_extents().extents.tolist() == [-0.5, 116.5, 289.5, 116.5]


# Limits.


def clipped(box) -> list[int]:
    artist = line([10, 90], [50, 80])
    artist.set_clip_box(Bbox(box))
    artist.set_clip_path(None)
    figure = blank()
    artist.set_figure(figure)
    return operations(artist, figure=figure)[0].clip


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([(10, 20), (100, 150)], [10, 66, 100, 196]),
        ([(10.5, 20.4), (100.49, 150.5)], [11, 65, 100, 196]),  # floor(x + 0.5)
        ([(-50, -50), (1000, 1000)], WHOLE),
        ([(-50, -50), (-10, -10)], [0, 216, 0, 216]),  # nothing
    ],
)
def test_a_clip_is_rounded_to_pixels_and_ends_at_the_figure(box, expected):
    assert clipped(box) == expected


def test_without_a_clip_there_is_none():
    artist = line([10, 90], [50, 80], clip_on=False)
    assert operations(artist)[0].clip is None


def test_a_clip_path_is_a_path():
    artist = line([10, 90], [50, 80])
    figure = blank()
    figure.add_artist(artist)
    artist.set_clip_path(TRIANGLE, Affine2D().translate(5, 0))
    (it,) = operations(artist, figure=figure)
    np.testing.assert_array_equal(it.clip_path.vertices[:3], [(15, 196), (65, 191), (35, 126)])


def test_a_clip_path_that_reaches_far_is_cut():
    artist = line([10, 90], [50, 80])
    figure = blank()
    figure.add_artist(artist)
    artist.set_clip_path(Path([(-1e6, 0), (1e6, 0), (100, 100)], closed=False), IdentityTransform())
    (it,) = operations(artist, figure=figure)
    low, high = it.clip_path.get_extents().intervaly
    assert (low, high) == pytest.approx((116, 216), abs=0.1)


def test_the_point_that_closes_a_polygon_may_lie_anywhere():
    # It keeps its data coordinates, 9,000 here, which are no pixels.
    bars = rectangles(np.array([[0, 9000, 1000, 0], [2000, 5000, 3000, 0]]))
    patch = PathPatch(bars, transform=Affine2D().scale(0.02), facecolor="red")
    (it,) = operations(patch)  # one, so nothing was cut
    assert it.path.get_extents().extents == pytest.approx([0, 36, 60, 216], abs=1)


def test_of_several_polygons_that_reach_far_each_is_cut_alone():
    far = np.array([[10, 1e6, 20, 0], [50, 40, 60, 0], [1e6, 1e6 + 9, 1e6 + 9, 1e6]])
    patch = PathPatch(rectangles(far), transform=IdentityTransform(), facecolor="red", linewidth=0)
    area = operations(patch)[0].path
    polygons = area.to_polygons()
    assert [(p[:, 0].min(), p[:, 0].max()) for p in polygons] == [(10, 20), (50, 60)]
    assert polygons[0][:, 1].min() <= 0
    assert polygons[1][:, 1].min() == HEIGHT - 40


# Markers.


def test_round_markers_stand_on_the_middle_of_a_pixel():
    marks = line([10.2, 50.5], [20.6, 30.5], marker="o", ls="", ms=6, mew=1, mfc="red", mec="blue")
    (it,) = operations(marks)
    assert (it.kind, it.is_centred) == ("markers", True)
    assert (it.fill, it.stroke, it.width) == ((255, 0, 0, 255), (0, 0, 255, 255), 1)
    # In sixteenths, downwards: 195.4 lies between 195.375 and 195.4375.
    np.testing.assert_array_equal(it.places, [(10.1875, 195.375), (50.5, 185.5)])
    assert it.path.get_extents().extents == pytest.approx([-3, -3, 3, 3], abs=1 / 64)


@pytest.mark.parametrize(("edge", "extents"), [(1, [-2.5, -2.5, 3.5, 3.5]), (2, [-3, -3, 3, 3])])
def test_square_markers_lie_on_whole_pixels(edge, extents):
    (it,) = operations(line([10.2], [20.6], marker="s", ls="", ms=6, mew=edge))
    assert not it.is_centred
    assert it.path.get_extents().extents.tolist() == extents


def test_a_place_just_below_a_pixel_stays_below():
    # 20.499 + 0.5 has the whole part 20, and so has the place that the frame holds.
    (it,) = operations(line([20.499], [10], marker="o", ls=""))
    assert np.floor(it.places[0, 0] + 0.5) == 20
    assert it.places[0, 0] == 20 + 7 / 16


def test_markers_out_of_sight_are_left_out_and_others_reach_in():
    (it,) = operations(line([-3, 100, 5000], [20, 20, 20], marker="o", ls="", ms=12))
    np.testing.assert_array_equal(it.places[:, 0], [-3, 100])


def test_markers_without_a_place_are_none():
    assert operations(line([np.nan], [20], marker="o", ls="")) == []
    assert operations(line([], [], marker="o", ls="")) == []


def test_markers_reach_a_pixel_over_the_right_and_lower_edge_of_their_clip_as_in_agg():
    artist = line([10, 90], [50, 80], marker="o")
    figure = blank()
    artist.set_figure(figure)
    artist.set_clip_box(Bbox([(10, 20), (100, 150)]))
    drawn, marks = operations(artist, figure=figure)
    assert drawn.clip == [10, 66, 100, 196]
    assert marks.clip == [10, 66, 101, 197]


def test_markers_have_no_dashes_and_stand_on_no_control_points():
    (dashed, marks) = operations(line([10, 90], [50, 80], marker="o", ls="--"))
    assert dashed.dashes
    assert marks.dashes is None

    def calls(renderer, gc):
        path = Path([(10, 10), (50, 90), (90, 10)], [1, 3, 3])
        renderer.draw_markers(gc, TRIANGLE, IdentityTransform(), path, IdentityTransform())

    (it,) = operations(Drawn(calls))
    np.testing.assert_array_equal(it.places[:, 0], [10, 90])


def test_large_markers_are_paths():
    marks = line([100.2, 150], [90.6, 80], marker="s", ls="", ms=600, mew=2)
    first, second = operations(marks)
    assert (first.kind, second.kind) == ("path", "path")
    # Squares of 600 around (100, 125) and (150, 136).
    assert first.path.get_extents().extents.tolist() == [-200, -175, 400, 425]
    assert second.path.get_extents().extents.tolist() == [-150, -164, 450, 436]


def test_a_large_figure_keeps_its_markers():
    figure = Figure(figsize=(1720 / 72, 3), dpi=72)
    marks = line([1720 + 300], [20], marker="o", ls="", ms=490)
    (it,) = operations(marks, figure=figure)
    np.testing.assert_array_equal(it.places, [(2020, 196)])


# Collections.


def test_a_collection_is_a_path_for_each_place():
    square = Path([(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)], closed=True)
    shapes = PathCollection(
        [square],
        offsets=[(10, 20), (np.nan, 5), (50, 60)],
        offset_transform=IdentityTransform(),
        facecolors=["red", "lime", "blue"],
        edgecolors="none",
    )
    shapes.set_transform(Affine2D())
    first, second = operations(shapes)
    assert (first.fill, second.fill) == ((255, 0, 0, 255), (0, 0, 255, 255))
    assert first.stroke is None
    assert first.path.get_extents().extents.tolist() == [10, 192, 14, 196]
    assert second.path.get_extents().extents.tolist() == [50, 152, 54, 156]


def test_a_mesh_is_a_path_for_each_cell():
    corners = np.stack(np.meshgrid([10, 30, 70], [20, 60]), axis=-1)
    mesh = QuadMesh(corners, facecolors=["red", "blue"], transform=IdentityTransform())
    first, second = operations(mesh)
    assert first.path.get_extents().extents.tolist() == [10, 156, 30, 196]
    assert second.path.get_extents().extents.tolist() == [30, 156, 70, 196]
    assert (first.fill, second.fill) == ((255, 0, 0, 255), (0, 0, 255, 255))


def test_shapes_that_are_not_smoothed_say_so():
    (it,) = operations(PathPatch(TRIANGLE, antialiased=False, transform=IdentityTransform()))
    assert it.is_crisp


def test_a_hatch_is_a_tile_of_an_inch():
    patch = Rectangle((10, 20), 50, 60, fc="white", hatch="/", hatchcolor="red", transform=None)
    patch.set_hatch_linewidth(1.5)
    frame, recorder = record(patch)
    (it,) = replay.read(frame)
    assert it.hatch == {"colour": (255, 0, 0, 255), "width": 1.5, "outline": 0, "size": 72}
    (tile,) = replay.read_sheet(recorder.sheet.data)
    expected = Path.hatch("/", 6).vertices * (72, -72) + (0, 72)
    np.testing.assert_allclose(tile.vertices, expected, atol=1 / 128)


# Images.


def image(data, **options):
    """Over the whole figure, so that a pixel of it is 288 / columns wide."""
    figure = blank()
    axes = figure.add_axes([0, 0, 1, 1])
    return axes.imshow(data, **({"interpolation": "nearest", "aspect": "auto"} | options)), figure


def colour_at(it: replay.Operation, x: float, y: float) -> tuple:
    """RGBA that an image shows at a point of the figure, counted from the top left."""
    column, row = np.linalg.solve(it.affine[:, :2], (x, y) - it.affine[:, 2])
    return tuple(it.pixels[int(row), int(column)].tolist())


def test_squares_travel_as_the_pixels_they_are():
    data = np.zeros((2, 3, 3), np.uint8)
    data[0, 2] = (255, 0, 0)
    data[1, 0] = (0, 0, 255)
    artist, figure = image(data)
    (it,) = operations(artist, figure=figure)
    assert it.kind == "image"
    assert it.pixels.shape == (2, 3, 4)
    # Squares of 96 x 108 pixels: the corners of the red and of the blue one.
    assert [colour_at(it, x, y) for x in (193, 287) for y in (1, 107)] == 4 * [(255, 0, 0, 255)]
    assert [colour_at(it, x, y) for x in (1, 95) for y in (109, 215)] == 4 * [(0, 0, 255, 255)]
    assert colour_at(it, 97, 1) == colour_at(it, 191, 215) == (0, 0, 0, 255)
    assert (it.num_colours, it.alpha, it.clip) == (3, 1, WHOLE)
    assert artist.get_interpolation() == "nearest"


def test_the_lower_row_first_is_another_map():
    artist, figure = image([[0.0, 0.0], [1.0, 0.5]], origin="lower", cmap="gray")
    (it,) = operations(artist, figure=figure)
    assert [colour_at(it, x, y)[0] for y in (10, 200) for x in (10, 200)] == [255, 128, 0, 0]


@pytest.mark.parametrize(("num_colours", "expected"), [(255, 255), (256, 0)])
def test_up_to_255_colours_make_a_palette(num_colours, expected):
    data = np.zeros((1, num_colours + 2, 3), np.uint8)
    data[0, :num_colours, 1] = np.arange(num_colours)
    artist, figure = image(data)
    (it,) = operations(artist, figure=figure)
    assert it.num_colours == expected
    shown = [colour_at(it, (column + 0.5) * 288 / data.shape[1], 9)[1] for column in range(255)]
    assert shown == list(range(255))


def test_other_images_travel_as_they_look():
    artist, figure = image(np.eye(3), interpolation="bilinear")
    (it,) = operations(artist, figure=figure)
    assert it.pixels.shape == (216, 288, 4)
    np.testing.assert_allclose(it.affine, [[1, 0, 0], [0, 1, 0]], atol=1e-6)
    assert artist.get_interpolation() == "bilinear"


@pytest.mark.parametrize(("interpolation", "alpha"), [("nearest", 128), ("bilinear", 255)])
def test_alpha_fades_an_image_once(interpolation, alpha):
    artist, figure = image(np.eye(3), interpolation=interpolation, alpha=0.5)
    (it,) = operations(artist, figure=figure)
    assert round(255 * it.alpha) == alpha
    assert it.pixels[..., 3].max() == {128: 255, 255: 127}[alpha]


@pytest.mark.parametrize("interpolation", ["nearest", "none", "bilinear"])
def test_an_alpha_for_each_pixel_is_kept(interpolation):
    artist, figure = image(np.eye(2), interpolation=interpolation, alpha=[[0.2, 1], [0, 0.6]])
    (it,) = operations(artist, figure=figure)
    corners = [colour_at(it, x, y)[3] for y in (1, 214) for x in (1, 286)]
    np.testing.assert_allclose(corners, [51, 255, 0, 153], atol=3)
    assert artist.get_interpolation() == interpolation


def test_an_image_on_a_grid_of_its_own_travels_as_it_looks():
    figure = blank()
    axes = figure.add_axes([0, 0, 1, 1])
    artist = NonUniformImage(axes, interpolation="nearest", extent=(0, 1, 0, 1))
    artist.set_data([0, 0.2, 1], [0, 1], np.arange(6).reshape(2, 3))
    axes.add_image(artist)
    (it,) = operations(artist, figure=figure)
    assert it.pixels.shape[:2] == (216, 288)


def test_the_interpolation_comes_back_after_a_refusal():
    artist, figure = image(np.eye(3))
    figure.add_artist(Refused())
    with pytest.raises(NotRecordableError):
        Recorder(figure).record([figure])
    assert artist.get_interpolation() == "nearest"


def test_an_image_without_pixels_is_none():
    def calls(renderer, gc):
        renderer.draw_image(gc, 0, 0, np.zeros((0, 4, 4), np.uint8))

    assert operations(Drawn(calls)) == []


@pytest.mark.parametrize(("x", "y", "expected"), [(10, 20, (10, 193)), (10.6, 20.6, (11, 192))])
def test_pixels_lie_on_pixels(x, y, expected):
    def calls(renderer, gc):
        renderer.draw_image(gc, x, y, np.zeros((3, 4, 4), np.uint8))

    (it,) = operations(Drawn(calls))
    assert tuple(it.affine[:, 2]) == expected  # the upper row is 216 - 20 - 3 from the top


def test_a_picture_is_one_image():
    pixels = np.zeros((216, 288, 4), np.uint8)
    pixels[0, 5] = (9, 8, 7, 255)
    (it,) = replay.read(Recorder(blank()).picture(pixels))
    np.testing.assert_array_equal(it.pixels, pixels)
    np.testing.assert_array_equal(it.affine, [[1, 0, 0], [0, 1, 0]])
    assert it.clip is None


# Text.


def test_text_is_a_row_of_outlines():
    frame, recorder = record(text(40, 60, "a ba", color="red", size=12))
    (it,) = replay.read(frame)
    assert (it.kind, it.fill, it.stroke, it.angle) == ("glyphs", (255, 0, 0, 255), None, 0)
    numbers, x, y = zip(*it.glyphs, strict=True)
    assert numbers == (0, 1, 0)  # the space has no outline, the two a share one
    assert x[0] == 40
    assert x[0] < x[1] < x[2]
    assert set(y) == {156}
    assert len(recorder.sheet) == 2


def test_text_at_an_angle_climbs():
    (it,) = operations(text(40, 60, "ab", rotation=90, rotation_mode="anchor", va="baseline"))
    (_, x0, y0), (_, x1, y1) = it.glyphs
    assert it.angle == 90
    assert (x0, y0) == (40, 156)
    assert x1 == pytest.approx(40, abs=0.1)
    assert y1 < y0


@pytest.mark.parametrize(("angle", "expected"), [(-30, 330), (360, 0), (400, 40)])
def test_angles_are_those_of_one_turn(angle, expected):
    def calls(renderer, gc):
        renderer.draw_text(gc, 40, 60, "ab", FontProperties(), angle)

    (it,) = operations(Drawn(calls))
    assert it.angle == expected


def test_the_alpha_of_a_text():
    assert operations(text(40, 60, "a", color=(1, 0, 0, 0.2)))[0].fill == (255, 0, 0, 51)
    assert operations(text(40, 60, "a", color=(1, 0, 0, 0.2), alpha=0.5))[0].fill[3] == 128


def test_a_fraction_has_a_bar():
    bar, glyphs = sorted(
        operations(text(100, 60, r"$\frac{1}{2}$", size=30)), key=lambda it: it.kind != "path"
    )
    assert (bar.kind, bar.stroke) == ("path", None)
    assert bar.fill == glyphs.fill
    left, top, right, bottom = bar.path.get_extents().extents
    assert right - left > 5
    assert 1 <= bottom - top <= 3
    assert len(glyphs.glyphs) == 2
    numerator, denominator = sorted(y for _, _, y in glyphs.glyphs)
    assert numerator < top < bottom < denominator


def test_text_out_of_sight_does_not_hinder_what_is_seen():
    far, near = text(1e5, 50, "far", clip_on=False), text(40, 60, "a")
    assert len(operations(far, near)) == 1


# What a frame cannot hold.


class Refused(Artist):
    def draw(self, renderer):
        renderer.draw_gouraud_triangles(renderer.new_gc(), [], [], IdentityTransform())


def with_filter():
    artist = line([10, 90], [50, 80])
    artist.set_agg_filter(lambda pixels, dpi: (pixels, 0, 0))
    return artist


def with_sketch():
    artist = line([10, 90], [50, 80])
    artist.set_sketch_params(2)
    return artist


def tex(renderer, gc):
    renderer.draw_tex(gc, 1, 2, "x", None, 0)


def tex_as_text(renderer, gc):
    renderer.draw_text(gc, 1, 2, "x", None, 0, ismath="TeX")


def endless(renderer, gc):
    path = Path(np.random.default_rng(0).uniform(0, 200, (40_000, 2)))
    path.should_simplify = False
    renderer.draw_path(gc, path, IdentityTransform())


def too_many_markers():
    return line(np.full(70_000, 9.0), np.full(70_000, 9.0), marker="o", ls="")


REFUSED = {
    "triangles with shaded colours": Refused,
    "a filter": with_filter,
    "lines as if drawn by hand": with_sketch,
    "text set by LaTeX": lambda: Drawn(tex),
    "text set by LaTe[X]": lambda: Drawn(tex_as_text),
    "a line 1100 pixels wide": lambda: line([10, 90], [50, 80], lw=1100),
    "a path of 40000 points": lambda: Drawn(endless),
    "a number above 65535": too_many_markers,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_recorded_is_named(words):
    artist = REFUSED[words]()
    figure = blank()
    figure.add_artist(artist)
    recorder = Recorder(figure)
    with pytest.raises(NotRecordableError, match=words):
        recorder.record([artist])
    other = line([10, 90], [50, 80])
    other.set_figure(figure)
    assert len(replay.read(recorder.record([other]))) == 1


def test_a_layout_only_measures_what_cannot_be_recorded():
    figure = blank()
    figure.add_artist(with_filter())
    recorder = Recorder(figure)
    with recorder._draw_disabled():
        figure.draw(recorder)


# Nothing that Matplotlib can ask for is forgotten.

RENDERER = {
    "close_group": "names a group; nothing is drawn",
    "draw_gouraud_triangles": "refused",
    "draw_image": "recorded",
    "draw_markers": "recorded",
    "draw_path": "recorded",
    "draw_path_collection": "recorded",
    "draw_quad_mesh": "paths",
    "draw_tex": "refused",
    "draw_text": "recorded",
    "flipy": "as in Agg: places of text count downwards",
    "get_canvas_width_height": "the size of the figure",
    "get_image_magnification": "as in Agg: 1",
    "get_texmanager": "measures LaTeX, which is not drawn",
    "get_text_width_height_descent": "as in Agg",
    "new_gc": "the base class",
    "open_group": "names a group; nothing is drawn",
    "option_image_nocomposite": "as in Agg: each image on its own",
    "option_scale_image": "unlike Agg: pixels travel unscaled",
    "points_to_pixels": "as in Agg",
    "start_filter": "refused",
    "start_rasterizing": "shapes stay shapes, and look the same",
    "stop_filter": "never reached",
    "stop_rasterizing": "shapes stay shapes, and look the same",
}


def test_every_method_of_a_renderer_has_its_place():
    assert {name for name in dir(RendererBase) if not name.startswith("_")} == set(RENDERER)


@pytest.mark.parametrize("name", [name for name, how in RENDERER.items() if how == "recorded"])
def test_what_is_recorded_is_no_fallback_of_the_base_class(name):
    assert getattr(Recorder, name) is not getattr(RendererBase, name)


@pytest.mark.parametrize("name", [name for name, how in RENDERER.items() if how == "paths"])
def test_what_is_drawn_as_paths_is_the_fallback_of_the_base_class(name):
    assert getattr(Recorder, name) is getattr(RendererBase, name)


def test_the_renderer_answers_as_agg_does():
    figure = blank(dpi=110)
    ours, agg = Recorder(figure), figure.canvas.get_renderer()
    for name in ("flipy", "get_canvas_width_height", "get_image_magnification"):
        assert getattr(ours, name)() == getattr(agg, name)()
    assert ours.option_image_nocomposite() == agg.option_image_nocomposite()
    assert ours.option_scale_image()
    assert ours.points_to_pixels(3) == agg.points_to_pixels(3)
    assert type(ours.new_gc()) is type(agg.new_gc())


def clip_by_triangle(gc):
    gc.set_clip_path(TransformedPath(TRIANGLE, IdentityTransform()))


def hatched(gc, **properties):
    gc.set_hatch("/")
    gc.set_hatch_color(RED)
    for name, value in properties.items():
        getattr(gc, f"set_{name}")(value)


# A change of each property, and whether a frame shows it.
CONTEXT = {
    "alpha": (lambda gc: gc.set_alpha(0.5), True),
    "antialiased": (lambda gc: gc.set_antialiased(False), True),
    "capstyle": (lambda gc: gc.set_capstyle("round"), True),
    "clip_path": (clip_by_triangle, True),
    "clip_rectangle": (lambda gc: gc.set_clip_rectangle(Bbox([(1, 2), (30, 40)])), True),
    "dashes": (lambda gc: gc.set_dashes(0, [1, 2]), True),
    "forced_alpha": (lambda gc: gc.set_alpha(0.5), True),
    "gid": (lambda gc: gc.set_gid("a"), False),  # names an element of a file
    "hatch": (hatched, True),
    "hatch_color": (lambda gc: hatched(gc, hatch_color=(0, 0, 1, 1)), True),
    "hatch_linewidth": (lambda gc: hatched(gc, hatch_linewidth=3), True),
    "hatch_path": (lambda gc: hatched(gc, hatch="x"), True),
    "joinstyle": (lambda gc: gc.set_joinstyle("bevel"), True),
    "linewidth": (lambda gc: gc.set_linewidth(3), True),
    "rgb": (lambda gc: gc.set_foreground("red"), True),
    "sketch_params": (lambda gc: gc.set_sketch_params(2), "refused"),
    "snap": (lambda gc: gc.set_snap(True), True),
    "url": (lambda gc: gc.set_url("a"), False),  # a link in a file
}


def test_every_property_of_a_context_has_its_place():
    getters = {name for name in dir(GraphicsContextBase) if name.startswith("get_")}
    assert {name.removeprefix("get_") for name in getters} == set(CONTEXT)


@pytest.mark.parametrize("name", CONTEXT)
def test_a_change_of_a_property_shows_in_the_frame(name):
    change, shows = CONTEXT[name]
    before = path_drawn(hatched if name.startswith("hatch_") else lambda gc: None)
    if shows == "refused":
        with pytest.raises(NotRecordableError):
            path_drawn(change)
    else:
        assert (path_drawn(change) != before) == shows


def test_links_names_and_rasterized_artists_look_the_same():
    plain = operations(line([10, 90], [50, 80]))
    named = operations(line([10, 90], [50, 80], url="http://localhost", gid="a", rasterized=True))
    assert repr(plain) == repr(named)


def test_path_effects_are_drawn_one_after_the_other():
    from matplotlib.patheffects import withStroke

    below, above = operations(
        line([10, 90], [50, 80], lw=2, path_effects=[withStroke(linewidth=8, foreground="red")])
    )
    assert (below.width, below.stroke) == (8, (255, 0, 0, 255))
    assert above.width == 2


def test_equal_drawings_have_equal_bytes():
    artist, figure = text(40, 60, "ab", rotation=20), blank()
    figure.add_artist(artist)
    recorder = Recorder(figure)
    first = recorder.record([artist])
    assert recorder.record([artist]) == first
    artist.set_text("cd")
    assert recorder.record([artist]) != first
    artist.set_text("ab")
    assert recorder.record([artist]) == first
