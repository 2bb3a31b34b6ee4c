"""Chapters, blocks and doubts: complete for the codes that occur, and none too many."""

import csv
from pathlib import Path

import pytest

from lamae.ecg.icd10 import BLOCKS, CHAPTERS, DOUBTS, URGENT, block_of, chapter_of, not_coded
from lamae.ecg.statements import ICD10_CODES, STATEMENTS
from lamae.errors import InputError

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "scp_to_icd10.csv"


def test_every_code_lies_in_one_chapter_and_one_block_of_it():
    for code in ICD10_CODES:
        [chapter] = [span for span in CHAPTERS if span.holds(code)]
        [block] = [span for span in BLOCKS if span.holds(code)]
        assert (chapter_of(code), block_of(code)) == (chapter, block)
        assert chapter.holds(block.first)
        assert chapter.holds(block.last)


def test_no_chapter_and_no_block_is_empty():
    for spans in (CHAPTERS, BLOCKS):
        for span in spans:
            assert any(span.holds(code) for code in ICD10_CODES), span


def test_blocks_are_those_of_icd_10_cm():
    assert block_of("I25.2").codes == "I20–I25"
    # I5A follows I52: letters come after digits.
    assert block_of("I51.7").codes == "I30–I5A"
    assert block_of("R94.31").codes == "R90–R94"


def test_a_code_from_elsewhere_is_refused():
    with pytest.raises(InputError, match="X99"):
        chapter_of("X99")
    with pytest.raises(InputError, match="I80"):
        block_of("I80.1")


def test_every_doubtful_statement_says_why_and_no_other():
    assert set(DOUBTS) == {s.name for s in STATEMENTS if s.confidence != "high"}


def test_confidence_is_that_of_the_reference_map():
    if not REFERENCE.exists():
        pytest.skip("the reference map is not here")
    with REFERENCE.open(newline="") as file:
        rows = {row["scp_code"]: row for row in csv.DictReader(file)}
    for statement in STATEMENTS:
        assert rows[statement.name]["confidence"] == statement.confidence
        if statement.name in DOUBTS:
            assert rows[statement.name]["comment"]


def test_urgent_conditions_without_a_code_are_named_and_no_others():
    said = not_coded(["I24.89", "I44.2", "I47.10", "R94.31"])
    assert said is not None
    assert "acute infarction (I21)" in said
    assert "hyperkalaemia (E87.5)" in said
    assert "complete AV block" not in said
    assert "supraventricular tachycardia" not in said
    assert "ventricular tachycardia (I47.2)" in said
    assert not_coded([f"{urgent.code}0" for urgent in URGENT]) is None


def test_urgent_codes_that_statements_stand_for_are_in_the_table():
    assert {urgent.code for urgent in URGENT} & set(ICD10_CODES) == {
        "I44.1",
        "I44.2",
        "I45.6",
        "I48.92",
    }
    assert not any(code.startswith("I21") for code in ICD10_CODES)
