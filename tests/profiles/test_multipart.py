"""Forms with files in them, as Werkzeug reads them, and as they are read back."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

from vumeter.model.flow import Request
from vumeter.model.plan import Plan
from vumeter.profiles.loading import load
from vumeter.profiles.multipart import Part, multipart_body, parts_in
from vumeter.profiles.writing import written

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NAMES = TEXTS.filter(lambda text: not {"%22", "%0D", "%0A"} & {text[i : i + 3] for i in range(12)})
PARTS = st.lists(
    st.builds(
        Part,
        name=NAMES,
        content=st.binary(max_size=60),
        filename=st.none() | NAMES,
        content_type=st.none() | st.sampled_from(["image/png", "text/plain; charset=utf-8"]),
    ),
    max_size=4,
)


def as_werkzeug_reads(body: bytes, content_type: str):
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": content_type,
        "REQUEST_METHOD": "POST",
    }
    return parse_form_data(environ, stream_factory=lambda *sizes, **more: io.BytesIO())[1:]


@given(PARTS)
def test_any_parts_read_back_as_the_same(parts) -> None:
    assert parts_in(*multipart_body(parts)) == parts


@pytest.mark.parametrize(
    "change",
    [
        lambda body, kind: (body + b"x", kind),
        lambda body, kind: (body.replace(b"title", b"other"), kind),
        lambda body, kind: (body.replace(b"form-data", b"form-dat\xff"), kind),
        lambda body, kind: (body.replace(b"title", b"ti\xfftle"), kind),
        lambda body, kind: (body, kind + "0"),
        lambda body, kind: (body, "text/plain"),
        lambda body, kind: (b"", kind),
    ],
)
def test_a_body_that_another_has_made_is_not_taken_apart(change) -> None:
    made = multipart_body([Part("title", b"one")])
    assert parts_in(*made) is not None
    assert parts_in(*change(*made)) is None


def test_a_boundary_tells_nothing_of_a_content_and_is_not_in_it() -> None:
    secret, other = (multipart_body([Part("password", word)]) for word in (b"hunter2", b"123456"))
    assert secret[1] == other[1]
    boundary = secret[1].rpartition("=")[2].encode()
    body, kind = multipart_body([Part("password", b"--" + boundary)])
    assert kind != secret[1]
    assert as_werkzeug_reads(body, kind)[0]["password"] == f"--{boundary.decode()}"


def test_werkzeug_finds_fields_and_files_under_their_names() -> None:
    photo = bytes(range(256)) * 3
    form, files = as_werkzeug_reads(
        *multipart_body(
            [
                Part("title", "Tür".encode()),
                Part("tag", b"a"),
                Part("tag", b"--vumeter-\r\n\r\n--"),
                Part("photo", photo, "Tür.png", "image/png"),
                Part("empty", b"", ""),
            ]
        )
    )
    assert form["title"] == "Tür"
    assert form.getlist("tag") == ["a", "--vumeter-\r\n\r\n--"]
    assert files["photo"].filename == "Tür.png"
    assert files["photo"].mimetype == "image/png"
    assert files["photo"].read() == photo


# In profiles


def loaded(text: str, folder: Path) -> Plan:
    (folder / "photo.png").write_bytes(b"\x89PNG\xff")
    path = folder / "p.toml"
    path.write_text('target = "http://x"\n[[scenarios.main.steps]]\n' + text)
    return load(path, variables={}, environment={}, variables_in=lambda text, feeders: ())


def request_of(plan: Plan) -> Request:
    (request,) = plan.scenarios[0].requests
    return request


STEP = """
path = "/"
headers = { X-One = "1" }
[scenarios.main.steps.multipart]
title = "door {{vu}}"
n = 3
ready = true
tag = ["a", "b"]
photo = { file = "photo.png" }
note = { value = "hi", filename = "n.txt", content_type = "text/plain" }
raw = { value_base64 = "/wA=" }
"""


def test_a_profile_writes_fields_and_files(tmp_path) -> None:
    request = request_of(loaded(STEP, tmp_path))
    (_, kind) = request.headers[-1]
    assert request.method == "POST"
    form, files = as_werkzeug_reads(request.body, kind)
    assert form.to_dict(flat=False) == {
        "title": ["door {{vu}}"],
        "n": ["3"],
        "ready": ["true"],
        "tag": ["a", "b"],
        "raw": ["\ufffd\0"],
    }
    assert (files["photo"].filename, files["photo"].mimetype) == ("photo.png", "image/png")
    assert files["photo"].read() == b"\x89PNG\xff"
    assert (files["note"].filename, files["note"].read()) == ("n.txt", b"hi")


def test_what_a_profile_writes_is_written_back_as_parts_and_loads_to_the_same(tmp_path) -> None:
    plan = loaded(STEP, tmp_path)
    text = written(plan)
    assert "multipart" in text
    assert "boundary" not in text
    assert 'title = "door {{vu}}"' in text
    again = tmp_path / "again.toml"
    again.write_text(text)
    read = load(again, variables={}, environment={}, variables_in=lambda text, feeders: ())
    assert request_of(read) == request_of(plan)
