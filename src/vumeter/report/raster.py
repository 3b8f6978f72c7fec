"""The door to resvg: SVG pictures as PNG. Optional, an extra of the package."""

from vumeter.errors import UsageError


def png_bytes(svg: str) -> bytes:
    """
    Return *svg* as a PNG picture, twice as fine as it is wide.

    Raises:
        UsageError: What draws it is not installed.
    """
    try:
        import resvg_py  # noqa: PLC0415 - optional
    except ImportError:
        raise UsageError(
            "PNG pictures need resvg, which is not installed.",
            hint='pip install "vumeter[png]", or take --format svg.',
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=2))
