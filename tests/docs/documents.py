"""The documents of the repository, and the code blocks in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = (*GUIDES, ROOT / "CHANGELOG.md")
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# A command that Markdown shows as code by its indentation.
_INDENTED = re.compile(r"(?m)^(?: {4}|\t)[ \t]*((?:python -m )?lamae .+|make .+)$")


@dataclass(frozen=True)
class Block:
    """One code block.

    Attributes:
        document: Name of its file.
        line: Of its first line of code, from 1.
        language: As the fence names it; empty where it names none.
        text: The code.
    """

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(documents: tuple[Path, ...] = GUIDES) -> Iterator[Block]:
    """All fenced code blocks."""
    for path in documents:
        text = path.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            line = text.count("\n", 0, found.start("text")) + 1
            yield Block(path.name, line, found["language"], found["text"])


def indented_commands(documents: tuple[Path, ...] = DOCUMENTS) -> list[str]:
    """Commands outside fences, which no test would run."""
    texts = (_FENCE.sub("", path.read_text(encoding="utf-8")) for path in documents)
    return [command for text in texts for command in _INDENTED.findall(text)]


def commands(documents: tuple[Path, ...] = GUIDES) -> Iterator[tuple[str, str]]:
    """Where each shell command stands, and the command without its comment."""
    for block in blocks(documents):
        if block.language != "sh":
            continue
        for number, line in enumerate(block.text.splitlines()):
            if command := line.partition(" #")[0].strip():
                yield f"{block.document}:{block.line + number}", command
