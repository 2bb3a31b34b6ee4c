import pandas as pd
import pytest
from card_builders import ranking

from lamae.app.model import scores
from lamae.ecg.statements import SCP
from lamae.results.card import ModelCard, Prevalence
from lamae.results.scores import CalibrationCurve, GroupMacro, LabelScore, Subgroup

ENTRY = LabelScore(0.9, (0.8512, 0.95), 0.5, (0.3, 0.7), 12, 0.034)
RARE = LabelScore(None, None, None, None, 1, 0.003)
BETTER = LabelScore(0.95, (0.8512, 0.95), 0.5, (0.3, 0.7), 12, 0.034)
REPORT = ranking({"I44.7": ENTRY, "I45.6": RARE, "I48.91": BETTER})
CARD = ModelCard("made", codes={"I44.7": Prevalence(1200, 0.353)})


def test_a_figure_with_its_interval() -> None:
    assert scores.interval(ENTRY.auroc, ENTRY.ci) == "0.900 (0.851–0.950)"
    assert scores.interval(ENTRY.auprc, ENTRY.auprc_ci, digits=1) == "0.5 (0.3–0.7)"
    assert scores.interval(0.5, None) == "0.500"
    assert scores.interval(RARE.auroc, RARE.ci) == "too few positives"


def test_codes_are_ordered_by_auroc_and_say_their_prevalence() -> None:
    table = scores.codes_in_words(REPORT, CARD, SCP)
    assert list(table["Code"]) == ["I48.91", "I44.7", "I45.6"]
    assert table["Title"][1] == SCP.title("I44.7")
    row = table.iloc[1]
    assert row["AUPRC (95% CI)"] == "0.500 (0.300–0.700)"
    assert row["Test positives"] == "12 (3.4%)"
    assert row["Training positives"] == "1,200 (35.3%)"
    rare = table.iloc[2]
    assert list(rare[["AUROC (95% CI)", "AUPRC (95% CI)"]]) == ["–", "–"]
    assert rare["Training positives"] == "–"


def test_the_file_holds_numbers() -> None:
    table = scores.codes(REPORT, CARD, SCP).set_index("Code")
    assert tuple(table.loc["I44.7", ["AUPRC low", "AUPRC high"]]) == (0.3, 0.7)
    assert table.loc["I44.7", "Training prevalence"] == 0.353
    assert pd.isna(table.loc["I45.6", "AUROC"])


def test_what_a_card_lacks_has_no_column() -> None:
    columns = scores.codes(REPORT, ModelCard("made"), SCP).columns
    assert "Test prevalence" in columns
    assert not [name for name in columns if "Training" in name]


def test_calibration_is_one_bin_a_row() -> None:
    curve = CalibrationCurve(
        edges=((0.0, 0.5), (0.5, 1.0)),
        predicted=(0.1, 0.9),
        observed=(0.2, 0.8),
        observed_ci=((0.1, 0.3), (0.6, 1.0)),
        count=(30, 4),
    )
    table = scores.calibration(curve)
    assert list(table["count"]) == [30, 4]
    assert list(table["edges high"]) == [0.5, 1.0]
    assert list(table["observed_ci low"]) == [0.1, 0.6]


def test_groups_stand_beside_the_codes_they_share() -> None:
    young = Subgroup(40, 0.85, (0.75, 0.95), 5, GroupMacro(0.8, (0.7, 0.9), 2))
    old = Subgroup(3, None, None, 0, GroupMacro(None, None, 0))
    divisions = {"age": {"50-64": young, "80 and over": old}}
    words = scores.subgroups_in_words(divisions)
    assert list(words["Group"]) == ["50–64", "80 and over"]
    assert words.iloc[0].tolist()[1:] == [40, 5, "0.85 (0.75–0.95)", 2, "0.80 (0.70–0.90)"]
    assert words.iloc[1].tolist()[1:] == [3, 0, "too few positives", 0, "too few positives"]
    numbers = scores.subgroups(divisions)
    assert numbers.loc[0, "By"] == "Age"
    assert numbers.loc[0, "high, shared"] == pytest.approx(0.9)
    assert pd.isna(numbers.loc[1, "low, own"])


def test_groups_whose_intervals_do_not_overlap_are_named() -> None:
    def group(ci: tuple[float, float] | None) -> Subgroup:
        return Subgroup(40, None, None, 0, GroupMacro(None, ci, 3))

    ages = {"50-64": group((0.87, 0.96)), "65-79": group((0.78, 0.89))}
    said = scores.apart({"age": {**ages, "80 and over": group((0.68, 0.85))}})
    assert "not overlap: 80 and over lies below 50–64. Where" in said
    assert "65–79" not in said
    assert scores.apart({"age": {**ages, "80 and over": group(None)}}).startswith("All intervals")
