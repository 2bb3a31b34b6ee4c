"""Label sets: consistent, and with or without statements."""

from dataclasses import replace

import pytest

from lamae.ecg.icd10 import DOUBTS, block_of, chapter_of
from lamae.ecg.labels import Code, LabelSet
from lamae.ecg.statements import ICD10_TITLES, SCP, STATEMENTS
from lamae.errors import InputError
from lamae.results.json import from_json, to_json

THREE = LabelSet("three codes", (Code("A00", "first"), Code("B00", "second"), Code("C00", "third")))


def test_scp_is_made_of_the_tables():
    assert (len(SCP.statements), len(SCP.codes)) == (71, 27)
    assert SCP.outputs == tuple(statement.name for statement in STATEMENTS)
    for code in SCP.codes:
        assert code.title == SCP.title(code.name) == ICD10_TITLES[code.name]
        assert code.parents == (chapter_of(code.name), block_of(code.name))
    assert SCP.doubts(SCP.statement_names) == DOUBTS


def test_a_codes_members_are_the_statements_that_suggest_it():
    for code, member in zip(SCP.code_names, SCP.members(), strict=True):
        assert {STATEMENTS[n].code for n in member} == {code}
        assert [STATEMENTS[n] for n in member] == list(SCP.statements_of(code))
    assert SCP.members(["I44.7"]) == (SCP.members()[SCP.column("I44.7")],)


def test_without_statements_every_code_is_its_own_output():
    assert THREE.outputs == ("A00", "B00", "C00")
    assert THREE.members() == ((0,), (1,), (2,))
    assert THREE.members(["C00", "A00"]) == ((2,), (0,))
    assert THREE.statements_of("A00") == ()
    codes = SCP.without_statements("codes")
    assert (codes.codes, codes.outputs) == (SCP.codes, SCP.code_names)


@pytest.mark.parametrize("labels", [SCP, THREE])
def test_a_label_set_comes_back_from_its_json(labels):
    assert from_json(LabelSet, to_json(labels)) == labels


def test_contradictions_are_refused():
    for codes, statements in (
        (SCP.codes[1:], SCP.statements),
        ((*SCP.codes, Code("X00", "not suggested")), SCP.statements),
        ((*THREE.codes, THREE.codes[0]), ()),
        (SCP.codes, (*SCP.statements, SCP.statements[0])),
        ((), ()),
    ):
        with pytest.raises(InputError, match="label set"):
            replace(SCP, codes=codes, statements=statements)
    for ask in (SCP.code, SCP.column, SCP.statements_of, THREE.code):
        with pytest.raises(InputError, match="X99"):
            ask("X99")
    assert SCP.title("X99") == ""
