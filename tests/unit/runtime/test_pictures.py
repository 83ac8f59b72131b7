import base64
import io
import os
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure
from PIL import Image

from kedro_dagster_component.runtime.messages import PlainMetadata
from kedro_dagster_component.runtime.pictures import PictureTooLargeError, joined, node_preview, picture_of

MOST_BYTES = 150_000


def content(fact, form="png"):
    start = f"![preview](data:image/{form};base64,"
    assert fact.kind == "markdown"
    assert fact.value.startswith(start)
    return base64.b64decode(fact.value.removeprefix(start).removesuffix(")"))


def noise(side):
    return Image.frombytes("RGB", (side, side), os.urandom(3 * side * side))


def test_a_figure_becomes_a_picture():
    figure = Figure()
    figure.subplots().plot([1, 2, 3])
    picture = Image.open(io.BytesIO(content(picture_of(figure))))
    assert picture.format == "PNG"
    assert max(picture.size) <= 1000


def test_a_large_figure_is_drawn_smaller():
    figure = Figure(figsize=(10, 10), dpi=300)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.imshow(noise(600))
    drawn = content(picture_of(figure), "jpeg")
    assert len(drawn) <= MOST_BYTES
    assert max(Image.open(io.BytesIO(drawn)).size) < 1000


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "CMYK", "P", "F"])
def test_an_image_becomes_a_picture(mode):
    assert Image.open(io.BytesIO(content(picture_of(Image.new(mode, (30, 20)))))).size == (30, 20)


def test_a_large_image_is_made_smaller():
    image = noise(2000)
    assert len(content(picture_of(image), "jpeg")) <= MOST_BYTES
    assert image.size == (2000, 2000)


def test_bytes_of_a_picture():
    stream = io.BytesIO()
    Image.new("RGB", (3, 3)).save(stream, format="PNG")
    assert content(picture_of(stream.getvalue())) == stream.getvalue()
    assert picture_of(b"\xff\xd8\xff" + b"0").value.startswith("![preview](data:image/jpeg;base64,")
    assert picture_of(b"anything") is None


def test_what_cannot_be_made_smaller_is_refused():
    with pytest.raises(PictureTooLargeError, match="200008 bytes, and 150000 fit"):
        picture_of(b"\x89PNG\r\n\x1a\n" + b"0" * 200_000)


def plotly_figure(text):
    base = type("BaseFigure", (), {"__module__": "plotly.basedatatypes"})
    return type("Figure", (base,), {"__module__": "plotly.graph_objs._figure", "to_json": lambda self: text})()


def test_a_figure_of_plotly_without_kaleido_is_told_as_its_structure():
    assert picture_of(plotly_figure('{"data": [1]}')) == PlainMetadata("json", {"data": [1]})
    with pytest.raises(PictureTooLargeError):
        picture_of(plotly_figure("[" + "1," * MOST_BYTES + "1]"))


@pytest.mark.parametrize("data", [None, 1, "text", {}, [], object()])
def test_anything_else_is_no_picture(data):
    assert picture_of(data) is None


def test_several_pictures_are_one():
    one, other, structure = (
        PlainMetadata("markdown", "![a](x)"),
        PlainMetadata("markdown", "![b](y)"),
        PlainMetadata("json", {}),
    )
    assert joined([one, structure, other]) == PlainMetadata("markdown", "![a](x)\n\n![b](y)")
    assert joined([structure]) == structure


@pytest.mark.parametrize(
    ("kind", "shown", "fact"),
    [
        ("text", "see https://me:hunter2@host/x", PlainMetadata("text", "see https://***@host/x")),
        ("mermaid", "graph LR\n  a --> b", PlainMetadata("markdown", "```mermaid\ngraph LR\n  a --> b\n```")),
        ("image", "https://host/a.png", PlainMetadata("markdown", "![preview](https://host/a.png)")),
        ("image", "https://host/a.png?sig=x", PlainMetadata("markdown", "![preview](https://host/a.png?***)")),
        ("image", "data:image/png;base64,AAAA", PlainMetadata("markdown", "![preview](data:image/png;base64,AAAA)")),
        ("custom", {"a": 1, "token": "hunter2"}, PlainMetadata("json", {"a": 1, "token": "***"})),
        ("unknown", "x", None),
    ],
)
def test_previews_of_nodes(kind, shown, fact):
    assert node_preview(SimpleNamespace(kind=kind, content=shown)) == fact


def test_no_preview():
    assert node_preview(None) is None


def test_previews_have_a_limit():
    assert len(node_preview(SimpleNamespace(kind="text", content="x" * 100_000)).value) < 21_000
    with pytest.raises(PictureTooLargeError):
        node_preview(SimpleNamespace(kind="image", content="data:image/png;base64," + "A" * 300_000))
