"""Files that are no profiles are refused early, and in words."""

import time
from pathlib import Path

import pytest

from vumeter.errors import ProfileError
from vumeter.profiles.reading import LARGEST_BYTES, read

GENEROUS_S = 0.1
"""What PROMISES allow for a clear error; measured: at most a few milliseconds."""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            b"a = " + b"[" * 900_000,
            "p.toml:1: nested deeper than 64 levels.\n"
            "  A profile needs fewer than ten. Is this the right file?",
            id="depth-bomb",
        ),
        pytest.param(
            b"x = 1\n" + b"a." * 400_000 + b"a = 1",
            "p.toml:2: nested deeper than 64 levels.\n"
            "  A profile needs fewer than ten. Is this the right file?",
            id="key-bomb",
        ),
        pytest.param(
            b"a = 1\n" * (LARGEST_BYTES // 3),
            "p.toml is larger than 1 MiB, the most that a profile may be.\n"
            "  Rows of data belong in a feeder's file, and large bodies in a body_file.",
            id="two-MiB",
        ),
        pytest.param(
            b"a = 1\n\x7fELF\x02\x01\x01\x00\xff\xfe",
            "p.toml:2: not UTF-8 text: byte 0xff at offset 14.\n"
            "  A profile is a TOML file, which is text. Is this the right file?",
            id="binary",
        ),
        pytest.param(
            b'target = "http://x"\n[scenarios.main\nvus = 1\n',
            "p.toml:2: not TOML: expected ']' at the end of a table declaration, column 16"
            " in `[scenarios.main`.\n"
            "  Strings stand in quotes, tables in [brackets], and every value after its key and =.",
            id="syntax",
        ),
        pytest.param(
            b"target = http://x\n",
            "p.toml:1: not TOML: invalid value, column 10 in `target = http://x`.\n"
            "  Strings stand in quotes, tables in [brackets], and every value after its key and =.",
            id="text-without-quotes",
        ),
        pytest.param(
            b'a = 1\nb = """no end',
            'p.toml:2: not TOML: unterminated string in `b = """no end`.\n'
            "  Strings stand in quotes, tables in [brackets], and every value after its key and =.",
            id="end-of-file",
        ),
    ],
)
def test_what_is_no_profile_is_refused_at_once(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(content)
    # The least of three: another process may have the core at any one moment.
    least_s = float("inf")
    for _ in range(3):
        started_s = time.perf_counter()
        with pytest.raises(ProfileError) as refused:
            read(path)
        least_s = min(least_s, time.perf_counter() - started_s)
    assert str(refused.value).replace(f"{tmp_path}/", "") == said
    assert refused.value.exit_code == 104
    assert least_s < GENEROUS_S


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(ProfileError) as refused:
        read(Path("no/such.toml"))
    assert str(refused.value) == (
        'There is no profile "no/such.toml".\n'
        "  Is the path spelled right, from the folder that you are in?"
    )


def test_a_folder_and_a_path_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path("a\0b")):
        with pytest.raises(ProfileError, match="cannot be read"):
            read(path)


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    document, lines = read(path)
    assert (document, lines[("b",)]) == ({"a": 1, "b": 2}, 2)
