"""What must hold for README.md, docs/ and the documents beside them."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from documents import DOCUMENTS, ROOT

LINK = re.compile(r"\]\((?!https?:)(?P<target>[^)#\s]+)(?P<anchor>#[\w-]+)?\)")
PATH = re.compile(r"`((?:lamae|pages|tests|docs|assets)/[\w./<>-]+|\w+\.py)`")
# A file whose content follows as an example.
EXAMPLE = re.compile(r"`([\w./]+\.py)`:\n\n```")
INLINE_OPTION = re.compile(r"`(--[a-z][a-z-]+)(?: [^`]*)?`")


def slugs(path: Path) -> set[str]:
    """Anchors that the headings of a document give, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_has_at_most_150_lines():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_resolve(path: Path):
    for link in LINK.finditer(path.read_text(encoding="utf-8")):
        target = path.parent / link["target"]
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"][1:] in slugs(target), link[0]


def test_the_readme_leads_to_every_document():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = {link["target"] for link in LINK.finditer(text)}
    missing = {str(path.relative_to(ROOT)) for path in DOCUMENTS[1:]} - linked
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS[:-1], ids=lambda path: path.name)
def test_files_that_a_document_names_exist(path: Path):
    # The changelog is left out: it names what is gone.
    text = path.read_text(encoding="utf-8")
    examples = EXAMPLE.findall(text)
    for name in PATH.findall(text):
        if "<" not in name and name not in examples:
            assert (ROOT / name).exists(), name


def test_options_that_documents_name_exist():
    sources = "\n".join(path.read_text() for path in (ROOT / "lamae" / "cli").glob("*.py"))
    for path in DOCUMENTS[:-1]:
        for option in INLINE_OPTION.findall(path.read_text(encoding="utf-8")):
            name = option.removeprefix("--")
            assert option in sources or name.replace("-", "_") in sources, f"{path.name}: {option}"


def test_the_rooms_of_the_readme_are_those_of_the_package():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^  (\w+)(?:/|\.py) ", text, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = [layer.strip("()") for layer in layers if layer != "__main__"]
    assert [name for name in rooms if name in named] == named
    assert {
        path.name for path in (ROOT / "lamae").iterdir() if (path / "__init__.py").is_file()
    } <= {*named}


def test_documents_use_the_fields_words():
    old = re.compile(
        r"\b(restor(?:e|ed|ation|ing)|stretch(?:es)?|hid(?:e|ing)|gate)\b", re.IGNORECASE
    )
    for path in DOCUMENTS[:-1]:
        text = path.read_text(encoding="utf-8")
        if path.name != "benchmark.md":
            assert not old.findall(text), path.name


def test_the_citation_is_valid():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["license"] == project["license"]
    for work in (citation, *citation["references"]):
        assert work["type"] in {"software", "article", "dataset"}
        assert work["title"]
        for author in work["authors"]:
            assert set(author) in ({"name"}, {"family-names", "given-names"})
    for work in citation["references"]:
        assert isinstance(work["year"], int)


def test_the_changelog_has_an_entry_for_the_citations_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert f"## [{citation['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_changelogs_new_module_names_exist():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    table = text.split("Modules:\n\n")[1].split("\n\n")[0].splitlines()[2:]
    for row in table:
        first, *siblings = re.findall(r"`([\w./]+)`", row.split("|")[2])
        path = ROOT / (first if "/" in first else first.replace(".", "/"))
        for named in (path, *(path.with_name(sibling) for sibling in siblings)):
            assert named.exists() or named.with_suffix(".py").is_file(), named
