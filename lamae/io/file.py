"""One file of an upload, as the format modules receive it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from xml.etree.ElementTree import Element

from lamae.io import xml
from lamae.io.sniff import suffix_of


@dataclass(frozen=True)
class File:
    """Content to be recognised and read.

    Attributes:
        name: As the client gave it. Only its suffix is used.
        content: The whole file.
        beside: Content of the record's other files by name, where the file is a header.
    """

    name: str
    content: bytes
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """The name's suffix in lower case; empty where there is none."""
        return suffix_of(self.name)

    @property
    def is_xml(self) -> bool:
        """Whether the content begins as XML does."""
        return xml.looks_like_xml(self.content)

    @cached_property
    def root(self) -> Element:
        """The root element of an XML file, parsed once.

        Raises:
            ReadError: The XML is damaged, too large or hostile.
        """
        return xml.parse(self.content)
