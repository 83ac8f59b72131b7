"""Figures and images as pictures that fit into an event log, and what a node shows of itself.

No library is imported: what an object is, its class says.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from kedro_dagster_component.masking import mask_text, mask_values
from kedro_dagster_component.runtime.messages import PlainMetadata

_logger = logging.getLogger(__name__)

_MAX_BYTES = 150_000
"""Of one picture; a third more once it is text."""
_MAX_PIXELS = 1000
"""Of the longer side."""
_SCALES = (1, 0.5, 0.25)
_MODES: Mapping[str, frozenset[str]] = {
    "png": frozenset({"1", "L", "LA", "P", "RGB", "RGBA"}),
    "jpeg": frozenset({"L", "RGB"}),
}
"""Formats in the order in which they are tried, with the modes of Pillow that each takes."""
_MAX_TEXT_LENGTH = 20_000
_MAX_DATA_URI_LENGTH = 4 * _MAX_BYTES // 3
_MIME_BY_MAGIC: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


class PictureTooLargeError(ValueError):
    """A picture does not fit into an event log, however small it is made."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"the picture has {size_bytes} bytes, and {_MAX_BYTES} fit into Dagster's event log")


def picture_of(data: Any) -> PlainMetadata | None:
    """A figure or an image as a picture, a figure of Plotly without kaleido as its structure; None for anything else.

    Raises:
        PictureTooLargeError: It is too large.
    """
    for kind in type(data).__mro__:
        draw = _DRAWN.get((kind.__module__.partition(".")[0], kind.__name__))
        if draw is not None:
            return draw(data)
    if isinstance(data, bytes):
        mime = next((mime for magic, mime in _MIME_BY_MAGIC.items() if data.startswith(magic)), None)
        return _embedded(data, mime) if mime is not None else None
    return None


def joined(pictures: list[PlainMetadata]) -> PlainMetadata:
    """Several pictures as one; structures, which cannot be one with a picture, only where there is nothing else."""
    drawn = [str(picture.value) for picture in pictures if picture.kind == "markdown"]
    return PlainMetadata("markdown", "\n\n".join(drawn)) if drawn else pictures[0]


def node_preview(payload: Any) -> PlainMetadata | None:
    """What a node's own preview shows.

    Args:
        payload: One of the previews of `kedro.pipeline.preview_contract`, or None.

    Raises:
        PictureTooLargeError: Its picture is too large.
    """
    show = _PREVIEWS.get(getattr(payload, "kind", ""))
    return show(payload.content) if show is not None else None


def _matplotlib(figure: Any) -> PlainMetadata:
    longest = max(figure.get_size_inches())
    most = min(float(figure.dpi), _MAX_PIXELS / longest)

    def draw(form: str, scale: float) -> bytes:
        stream = io.BytesIO()
        figure.savefig(stream, format=form, dpi=most * scale)
        return stream.getvalue()

    return _first_that_fits(draw)


def _plotly(figure: Any) -> PlainMetadata:
    """A picture where Plotly can draw one (it needs kaleido and a browser), else the structure of the figure."""
    if importlib.util.find_spec("kaleido") is not None:
        try:
            return _embedded(figure.to_image(format="png", width=800, height=500), "image/png")
        except (RuntimeError, ValueError, OSError) as error:
            reason = mask_text(" ".join(str(error).split()))
            _logger.warning("A figure of Plotly is told as its structure, since it cannot be drawn: %s", reason)
    text = figure.to_json()
    if len(text) > _MAX_BYTES:
        raise PictureTooLargeError(len(text))
    return PlainMetadata("json", mask_values(json.loads(text)))


def _pillow(image: Any) -> PlainMetadata:
    def draw(form: str, scale: float) -> bytes:
        small = image.copy()
        small.thumbnail((int(_MAX_PIXELS * scale), int(_MAX_PIXELS * scale)))
        if small.mode not in _MODES[form]:
            small = small.convert("RGB")
        stream = io.BytesIO()
        small.save(stream, format=form)
        return stream.getvalue()

    return _first_that_fits(draw)


def _first_that_fits(draw: Callable[[str, float], bytes]) -> PlainMetadata:
    """The best picture that fits: without loss, else with some, else smaller.

    Args:
        draw: Makes a picture in a format, so many times as large as it may be at most.
    """
    size = 0
    for scale in _SCALES:
        for form in _MODES:
            content = draw(form, scale)
            size = len(content)
            if size <= _MAX_BYTES:
                return _embedded(content, f"image/{form}")
    raise PictureTooLargeError(size)


def _embedded(content: bytes, mime: str) -> PlainMetadata:
    if len(content) > _MAX_BYTES:
        raise PictureTooLargeError(len(content))
    return _image(f"data:{mime};base64,{base64.b64encode(content).decode()}")


def _image(address: str) -> PlainMetadata:
    if address.startswith("data:") and len(address) > _MAX_DATA_URI_LENGTH:
        raise PictureTooLargeError(len(address) * 3 // 4)
    shown = address if address.startswith("data:") else mask_text(address)
    return PlainMetadata("markdown", f"![preview]({shown})")


def _mermaid(text: str) -> PlainMetadata:
    return PlainMetadata("markdown", f"```mermaid\n{_cut(text)}\n```")


def _cut(text: str) -> str:
    return mask_text(text if len(text) <= _MAX_TEXT_LENGTH else f"{text[:_MAX_TEXT_LENGTH]}...")


_DRAWN: Mapping[tuple[str, str], Callable[[Any], PlainMetadata]] = {
    ("matplotlib", "Figure"): _matplotlib,
    ("plotly", "BaseFigure"): _plotly,
    ("PIL", "Image"): _pillow,
}
"""By package and name of a class or of one that it is derived from."""

_PREVIEWS: Mapping[str, Callable[[Any], PlainMetadata]] = {
    "text": lambda content: PlainMetadata("text", _cut(content)),
    "mermaid": _mermaid,
    "image": _image,
    "custom": lambda content: PlainMetadata("json", mask_values(content)),
}
"""By `kind` of the preview."""
