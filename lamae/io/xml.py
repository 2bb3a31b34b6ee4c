"""Parses untrusted XML into a plain tree: no entities, no inner DTD, bounded in size."""

import re
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from lamae.errors import ReadError

# A 12-lead ECG takes well under 1 MB; these leave room for minutes of it and for any report.
MAX_XML_BYTES = 30_000_000
MAX_DEPTH = 64
MAX_ELEMENTS = 100_000
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SPACE = b" \t\r\n"


def looks_like_xml(content: bytes) -> bool:
    """Whether the content begins as XML does, in UTF-8, UTF-16 or a one-byte encoding."""
    head = content[:400].removeprefix(b"\xef\xbb\xbf")
    if head.startswith(_BYTE_ORDER_MARKS) or head[:2] in (b"<\0", b"\0<"):
        head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")
    return re.match(rb"\s*<[!?A-Za-z_]", head) is not None


def parse(content: bytes) -> Element:
    """The root of the document, with the names of elements and attributes without namespaces.

    Args:
        content: The whole file.

    Raises:
        ReadError: It is damaged, too large or too deep, or it declares entities or an inner DTD,
            through which a small file could grow without end or reach for other files.
    """
    if len(content) > MAX_XML_BYTES:
        raise ReadError(
            f"The XML file is larger than {MAX_XML_BYTES / 1e6:.0f} MB; an ECG takes far less. "
            "Export a shorter recording."
        )
    content = content if content.startswith(_BYTE_ORDER_MARKS) else content.lstrip(_SPACE)
    try:
        parser = DefusedXMLParser(target=_Tree(), encoding=_encoding(content))
        # An outer DTD is only named and never fetched: every GE MUSE file has one.
        parser.parser.StartDoctypeDeclHandler = _refuse_inner_dtd
        parser.feed(content)
        return parser.close()
    except DefusedXmlException as error:
        raise ReadError(
            "The XML file declares entities or rules of its own, which no ECG needs and which can "
            "harm a reader; it was not opened. Export the recording again."
        ) from error
    except (ParseError, ValueError, LookupError, AssertionError) as error:
        raise ReadError(
            "The XML file is damaged or cut short; expected a complete ECG. Copy or export the "
            "file again."
        ) from error


def text(element: Element | None, path: str = ".") -> str:
    """The text at a path below an element; empty where there is none."""
    found = None if element is None else element.find(path)
    return "" if found is None else (found.text or "").strip()


def attribute(element: Element | None, name: str, path: str = ".") -> str:
    """The attribute of the element at a path below another; empty where there is none."""
    found = None if element is None else element.find(path)
    return "" if found is None else found.get(name, "").strip()


class _Tree(TreeBuilder):
    """Builds the tree with local names, and stops at what no ECG file needs."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ReadError(
                f"The XML file has more than {MAX_ELEMENTS:,} elements or nests them more than "
                f"{MAX_DEPTH} deep, which no ECG needs. Export the recording again."
            )
        # HL7 has both type and xsi:type; the plain name keeps its own value.
        local = {_local(name): value for name, value in attrs.items()}
        local |= {name: value for name, value in attrs.items() if "}" not in name}
        return super().start(_local(tag), local)

    def end(self, tag: Any, /) -> Any:
        self._depth -= 1
        return super().end(_local(tag))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _refuse_inner_dtd(name: str, system: str | None, public: str | None, inner: int) -> None:
    if inner:
        raise DTDForbidden(name, system, public)


def _encoding(content: bytes) -> str | None:
    """The encoding to use in place of the one declared; None to use that one."""
    if content.startswith(_BYTE_ORDER_MARKS) or b"\0" in content[:4]:
        return None
    declared = re.match(
        rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", content
    )
    name = declared[1].lower() if declared else b"utf-8"
    # Some programs save the bytes in another encoding and keep the declaration, or the reverse.
    if name.startswith((b"utf-16", b"ucs-2", b"unicode")) or name in (b"utf-8", b"utf8"):
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return "iso-8859-1"
        return "utf-8"
    return None
