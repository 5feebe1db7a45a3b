"""What becomes of a browser's recording, step by step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recordings import entry, write_har

from atlas_perf.convert.conversion import Body, Code, Conversion, Step, Text
from atlas_perf.convert.har import convert_har
from atlas_perf.convert.scenario_text import scenario_text
from atlas_perf.errors import UsageError

SHOP = "https://shop.example"


def steps_of(conversion: Conversion) -> list[Step]:
    return [step for group in conversion.groups for step in group.steps]


def only_step(conversion: Conversion) -> Step:
    (step,) = steps_of(conversion)
    return step


def test_requests_keep_their_order_and_pages_become_groups(tmp_path: Path) -> None:
    file = write_har(
        tmp_path / "shop.har",
        entry("GET", f"{SHOP}/cart", at_s=5, page="b"),
        entry("GET", f"{SHOP}/", at_s=0, page="a", mime_type="text/html"),
        entry("GET", f"{SHOP}/api/items", at_s=0.2, page="a"),
        pages={"a": "The shop", "b": f"{SHOP}/cart"},
    )
    conversion = convert_har(file)
    assert conversion.base_url == SHOP
    assert [group.title for group in conversion.groups] == ["The shop", "cart"]
    assert [step.url for step in steps_of(conversion)] == [
        Text((Code("BASE_URL"), path)) for path in ("/", "/api/items", "/cart")
    ]


def test_silence_becomes_a_pause_unless_it_is_short_and_is_never_endless(tmp_path: Path) -> None:
    file = write_har(
        tmp_path / "shop.har",
        entry("GET", f"{SHOP}/a", at_s=0, took_ms=100),
        entry("GET", f"{SHOP}/b", at_s=0.4),
        entry("GET", f"{SHOP}/c", at_s=2.5, took_ms=500),
        entry("GET", f"{SHOP}/d", at_s=3600),
    )
    assert [step.pause_s for step in steps_of(convert_har(file))] == [0.0, 2.0, 60.0, 0.0]


def test_static_files_and_other_hosts_are_left_out_and_counted(tmp_path: Path) -> None:
    file = write_har(
        tmp_path / "shop.har",
        entry("GET", f"{SHOP}/", mime_type="text/html"),
        entry("GET", f"{SHOP}/app.js", mime_type="application/javascript"),
        entry("GET", f"{SHOP}/logo", mime_type="image/png"),
        entry("GET", "https://ads.example/x"),
        entry("GET", "wss://shop.example/live"),
        entry("GET", f"{SHOP}/gone", status=0),
    )
    conversion = convert_har(file)
    assert len(steps_of(conversion)) == 1
    notes = " ".join(conversion.notes)
    for said in (
        "(--with-static keeps them) × 2",
        "requests to other hosts × 1",
        "WebSocket and other connections × 1",
        "requests that got no answer × 1",
    ):
        assert said in notes
    assert len(steps_of(convert_har(file, with_static=True))) == 3
    assert convert_har(file, host="ads.example").base_url == "https://ads.example"


def test_a_redirect_is_one_step_that_expects_its_last_status(tmp_path: Path) -> None:
    file = write_har(
        tmp_path / "shop.har",
        entry("POST", f"{SHOP}/login", status=302, redirect="/welcome"),
        entry("GET", f"{SHOP}/welcome", at_s=0.1, status=301, redirect=f"{SHOP}/home"),
        entry("GET", f"{SHOP}/home", at_s=0.2, status=403, mime_type="text/html"),
        entry("GET", f"{SHOP}/home", at_s=0.3, status=304),
    )
    login, home = steps_of(convert_har(file))
    assert (login.method, login.expected_status) == ("POST", 403)
    assert home.expected_status == 200


def test_a_redirect_to_what_is_left_out_is_not_followed(tmp_path: Path) -> None:
    file = write_har(
        tmp_path / "shop.har",
        entry("GET", f"{SHOP}/login", status=302, redirect="https://sso.example/"),
        entry("GET", "https://sso.example/", at_s=0.1),
        entry("GET", f"{SHOP}/home", at_s=0.2),
    )
    conversion = convert_har(file)
    login, home = steps_of(conversion)
    assert (login.expected_status, login.follows_redirects) == (302, False)
    assert home.follows_redirects
    assert scenario_text(conversion, "shop.py").count("max_redirects=0,") == 1


def test_no_secret_of_the_recording_is_kept(tmp_path: Path) -> None:
    file = write_har(
        tmp_path / "shop.har",
        entry(
            "POST",
            f"{SHOP}/pay?api_key=hush-query&page=2",
            headers={
                "Authorization": "Bearer hush-bearer",
                "X-Api-Key": "hush-header",
                "Cookie": "session=hush-cookie",
                "X-Trace": "on",
            },
            posted={
                "mimeType": "application/json; charset=utf-8",
                "text": json.dumps({"user": "ada", "nested": [{"password": "hush-json"}]}),
            },
        ),
    )
    conversion = convert_har(file)
    step = only_step(conversion)
    assert "hush" not in repr(conversion)
    assert step.headers == {
        "Authorization": Text(("Bearer ", Code("AUTH_TOKEN"))),
        "X-Api-Key": Code("X_API_KEY"),
        "X-Trace": "on",
    }
    assert step.params == {"api_key": Code("API_KEY"), "page": "2"}
    assert step.body == Body("json", {"user": "ada", "nested": [{"password": Code("PASSWORD")}]})
    names = [variable.name for variable in conversion.variables]
    assert sorted(names) == ["API_KEY", "AUTH_TOKEN", "PASSWORD", "X_API_KEY"]


@pytest.mark.parametrize(
    ("posted", "body"),
    [
        (
            {"mimeType": "application/x-www-form-urlencoded", "text": "a=1&b=x+y"},
            Body("data", {"a": "1", "b": "x y"}),
        ),
        (
            {"mimeType": "application/x-www-form-urlencoded", "text": "a=1&a=2"},
            Body("body", "a=1&a=2"),
        ),
        ({"mimeType": "application/json", "text": "{broken"}, Body("body", "{broken")),
        ({"mimeType": "text/plain", "text": "hello"}, Body("body", "hello")),
        ({"mimeType": "multipart/form-data; boundary=x", "text": "--x"}, None),
        ({"mimeType": "", "text": None}, None),
    ],
)
def test_a_body_is_given_as_a_person_would_write_it(
    posted: dict[str, object], body: Body | None, tmp_path: Path
) -> None:
    file = write_har(tmp_path / "shop.har", entry("POST", f"{SHOP}/x", posted=posted))
    assert only_step(convert_har(file)).body == body


def test_a_query_that_repeats_a_name_stays_in_the_url(tmp_path: Path) -> None:
    file = write_har(tmp_path / "shop.har", entry("GET", f"{SHOP}/find?tag=a&tag=b"))
    step = only_step(convert_har(file))
    assert step.url == Text((Code("BASE_URL"), "/find?tag=a&tag=b"))
    assert not step.params


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "is no HTTP archive: the document"),
        ('{"log": {"entries": [{}]}}', "log.entries.0.startedDateTime: field required"),
        ('{"log": {"entries": []}}', "holds no request"),
        ("\ud800", None),
    ],
)
def test_a_file_that_is_no_recording_is_refused_in_one_sentence(
    text: str, sentence: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "shop.har"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError) as refusal:
        convert_har(file)
    assert (sentence or "is no text in UTF-8") in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_host_is_named_beside_those_there_are(tmp_path: Path) -> None:
    file = write_har(tmp_path / "shop.har", entry("GET", f"{SHOP}/"))
    with pytest.raises(UsageError, match=r"no request to 'other'; it has shop\.example"):
        convert_har(file, host="other")
