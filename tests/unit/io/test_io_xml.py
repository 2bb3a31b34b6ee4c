"""XML from strangers: recognised by content, in any encoding, and harmless when hostile."""

import socket
import time
import tracemalloc
import urllib.request
from xml.etree import ElementTree

import numpy as np
import pytest
from io_builders import lively_ecg, zipped
from xml_builders import cardiosoft, hl7, muse, philips, sapphire

from lamae.errors import LamaeError, ReadError
from lamae.io import read, xml, xml_values

LIVELY = lively_ecg(seconds=1.2, fs=250.0)
FILES = {
    "hl7": hl7(LIVELY),
    "muse": muse(LIVELY),
    "sapphire": sapphire(LIVELY),
    "cardiosoft": cardiosoft(LIVELY),
    "philips 1.03": philips(LIVELY, version="1.03"),
    "philips 1.04": philips(LIVELY),
    "philips plain": philips(LIVELY, version="1.03", coding="plain"),
}


def attempt(content):
    """The signal where it reads; only our own errors may come out."""
    message = None
    try:
        ecg = read("x.xml", content)
    except LamaeError as error:
        message = str(error)
    if message is not None:
        assert 0 < len(message) < 400
        assert "Doe" not in message
        return None
    assert np.isfinite(ecg.signal).all()
    return ecg.signal


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["x.xml", "", "x.dat", "x.csv", "x.zip"])
def test_the_name_does_not_matter(kind, name):
    assert read(name, FILES[kind]).fs == 250.0
    assert read("x.zip", zipped({"a.xml": FILES[kind]})).fs == 250.0


def text_of(kind):
    content = FILES[kind]
    encoding = {"muse": "iso-8859-1", "cardiosoft": "iso-8859-1", "philips 1.04": "utf-16"}
    text = content.decode(encoding.get(kind, "utf-8"))
    return text[text.index("?>") + 2 :].lstrip()


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("ISO-8859-1", "iso-8859-1"),
        ("ISO8859-1", "iso-8859-1"),
        ("windows-1252", "cp1252"),
        ("UTF-16", "utf-16"),
        ("utf-16", "utf-16-le"),
        ("utf-16", "utf-8"),
        ("UTF-8", "iso-8859-1"),
        (None, "utf-8"),
        (None, "utf-16"),
    ],
)
def test_every_encoding(kind, declared, encoding):
    """The last few contradict their declaration, as files do that were saved anew."""
    head = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else '<?xml version="1.0"?>'
    found = read("", (head + text_of(kind)).encode(encoding))
    assert found.digest == read("", FILES[kind]).digest


def test_space_and_comments_before_the_root():
    assert attempt(b"\n  " + FILES["hl7"]) is not None
    body = FILES["hl7"][FILES["hl7"].index(b"?>") + 2 :]
    assert attempt(b"<!-- made by hand -->\n" + body) is not None


@pytest.mark.parametrize("kind", FILES)
def test_files_cut_short(kind):
    content = FILES[kind].rstrip()
    assert attempt(content) is not None
    cuts = sorted(
        {1, 2, 3, 10, 60, len(content) - 1, *(len(content) * k // 40 for k in range(1, 40))}
    )
    for cut in cuts:
        assert attempt(content[:cut]) is None


@pytest.mark.parametrize("kind", FILES)
def test_flipped_bytes(kind):
    content = FILES[kind]
    rng = np.random.default_rng(30)
    size = len(content)
    spots = np.concatenate([rng.integers(0, min(size, 3000), 80), rng.integers(0, size, 60)])
    for spot in spots:
        damaged = bytearray(content)
        damaged[spot] ^= int(rng.integers(1, 256))
        attempt(bytes(damaged))


@pytest.mark.parametrize("kind", FILES)
def test_changed_characters(kind):
    """Unlike flipped bytes, these mostly leave the XML whole and reach what reads it."""
    text = FILES[kind].decode("utf-16" if kind == "philips 1.04" else "iso-8859-1")
    rng = np.random.default_rng(31)
    marks = list("0123456789.,-+eE xA/=")
    for _ in range(150):
        spot = int(rng.integers(0, len(text)))
        if text[spot] in "<>/\"'":
            continue
        attempt((text[:spot] + str(rng.choice(marks)) + text[spot + 1 :]).encode("utf-16"))


@pytest.mark.parametrize("kind", FILES)
def test_elements_and_attributes_that_are_missing_or_empty(kind):
    root = xml.parse(FILES[kind])
    count = sum(1 for _ in root.iter())
    for index in range(1, count, max(1, count // 20)):
        for change in ("gone", "bare", "text", "odd"):
            tree = xml.parse(FILES[kind])
            parent, child = [(p, c) for p in tree.iter() for c in p][index - 1]
            if change == "gone":
                parent.remove(child)
            elif change == "bare":
                child.attrib.clear()
            elif change == "text":
                child.text = ""
            else:
                child.text = "½"
                child.attrib.update(dict.fromkeys(child.attrib, "９e99999"))
            attempt(written(tree))


def written(root):
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
HOSTILE = {
    "laughs": f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]><RestingECG>&a11;</RestingECG>',
    "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"b" * 50_000}">]><x>{"&a;" * 5000}</x>',
    "file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "remote": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd"> %a;]><x/>',
    "attributes": f'<!DOCTYPE a [<!ATTLIST b c CDATA "{"d" * 50_000}">]><a>{"<b/>" * 20_000}</a>',
    "notation": '<!DOCTYPE x [<!NOTATION n SYSTEM "n"><!ENTITY a SYSTEM "a" NDATA n>]><x/>',
    "undefined": '<!DOCTYPE x SYSTEM "x.dtd"><x>&a;</x>',
    "deep": "<a>" * 200_000,
    "wide": "<a>" + "<b/>" * 20_000 + "</a>",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hostile_xml_costs_neither_time_nor_memory(kind, encoding, monkeypatch):
    # The checks of types that tests run make each element take much longer than it does in use.
    monkeypatch.setattr(xml, "MAX_ELEMENTS", 2000)
    content = HOSTILE[kind].encode(encoding)
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(ReadError, match="XML"):
        read("x.xml", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000
    assert time.monotonic() - start < 10


def test_an_outer_dtd_is_never_fetched(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    content = FILES["muse"].replace(b'"restecg.dtd"', b'"http://127.0.0.1:9/restecg.dtd"')
    assert attempt(content) is not None


def test_too_much_xml_is_refused_unread():
    with pytest.raises(ReadError, match="larger than 30 MB"):
        read("", b"<a>" + b" " * 30_000_001)


@pytest.mark.parametrize(
    "content",
    [b"<html><body/></html>", b"<?xml version='1.0'?><ClinicalDocument/>", b"<svg xmlns='a'/>"],
)
def test_xml_of_another_kind(content):
    with pytest.raises(ReadError, match="no ECG format that is read"):
        read("x.xml", content)


@pytest.mark.parametrize(
    ("root", "name"),
    [
        (b"<AnnotatedECG xmlns='urn:hl7-org:v3'/>", "HL7"),
        (b"<RestingECG/>", "GE MUSE"),
        (b"<sapphire xmlns='urn:ge:sapphire:dcar_1'/>", "GE CardioSoft"),
        (b"<CardiologyXML/>", "GE CardioSoft"),
        (b"<restingecgdata/>", "Philips"),
    ],
)
def test_empty_files_are_named(root, name):
    with pytest.raises(ReadError, match=name):
        read("x.xml", root)


@pytest.mark.parametrize(
    "content", [b"1 < 2\n", b"< 5", b"", b"\xff\xfe", b"<", b"I,II\n<1,2\n", b"\0<\0"]
)
def test_what_only_looks_a_little_like_xml(content):
    assert not xml.looks_like_xml(content)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4.88", 4.88), ("4,88", 4.88), ("-3", -3.0), ("+1e-3", 1e-3), (" 0,002 ", 0.002),
        ("5.", 5.0), ("2,500", None), ("1.000.000", None), ("1,000.5", None), ("", None),
        ("nan", None), ("inf", None), ("1e999", None), ("0x10", None), ("1_000", None),
        ("Failed", None), ("-", None), ("--1", None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_numbers_that_are_sure(text, value):
    assert xml_values.number(text) == value


@pytest.mark.parametrize(
    ("born", "seen", "age"),
    [
        ("19530508", "20021122091000.000", 49.0),
        ("1953-11-23", "2002-11-22", 48.0),
        ("05-17-1941", "05-16-2002", 60.0),
        ("05-17-1941", "2002-05-17", 61.0),
        ("1953", "20021122", None),
        ("20021122", "19530508", None),
        ("17-05-1941", "2002-05-17", None),
        ("", "", None),
    ],
)
def test_ages_between_dates(born, seen, age):
    assert xml_values.age_at(born, seen) == age


def test_samples_longer_than_a_chunk(monkeypatch):
    monkeypatch.setattr(xml_values, "_CHUNK", 7)
    values = np.arange(-50, 50)
    text = "\n".join(map(str, values.tolist()))
    np.testing.assert_array_equal(xml_values.samples(text, "X"), values)
    joined = text.replace("\n", ",")
    np.testing.assert_array_equal(xml_values.samples(joined, "X", commas=True), values)
    assert len(xml_values.samples("", "X")) == 0
