"""Metrics against scikit-learn, against values worked out by hand, and against chance."""

import json
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, roc_auc_score

from lamae import evaluate
from lamae.data import Records
from lamae.ecg.statements import ICD10_CODES, STATEMENTS
from lamae.errors import DataError
from lamae.evaluate.resample import weighted_auroc, weighted_average_precision
from lamae.inference.bundle import CodeRule
from lamae.inference.predictor import Predictor


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def scored(
    rng: np.random.Generator, ecgs: int, codes: int, signal: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Scores that raise positives by `signal` standard deviations, rounded so that many tie."""
    labels = rng.random((ecgs, codes)) < 0.2
    scores = np.round(rng.normal(size=(ecgs, codes)) + signal * labels, 1)
    return scores.astype(np.float32), labels


class TestAuroc:
    def test_by_hand_with_a_tie(self):
        scores = np.array([[0.1], [0.4], [0.4], [0.8]])
        labels = np.array([[False], [False], [True], [True]])
        # Four pairs: three in order, one tied.
        assert evaluate.macro_auroc(scores, labels, 1) == pytest.approx(3.5 / 4)

    def test_needs_both_classes(self):
        scores = np.array([[0.1, 0.1, 0.1], [0.2, 0.2, 0.2]])
        labels = np.array([[True, False, False], [True, False, True]])
        found = weighted_auroc(scores, labels, np.ones((1, 2)))
        np.testing.assert_equal(found, [[np.nan, np.nan, 1.0]])

    def test_average_precision_by_hand(self):
        scores = np.array([[0.9], [0.8], [0.7], [0.6]])
        labels = np.array([[True], [False], [True], [False]])
        found = weighted_average_precision(scores, labels, np.ones((1, 4)))
        assert found[0, 0] == pytest.approx((1 + 2 / 3) / 2)


class TestBootstrap:
    def test_weights_equal_repeated_ecgs(self, rng):
        scores, labels = scored(rng, 60, 4)
        weights = rng.multinomial(60, np.full(60, 1 / 60), size=20).astype(np.float64)
        for ours, theirs in (
            (weighted_auroc, roc_auc_score),
            (weighted_average_precision, average_precision_score),
        ):
            measured = ours(scores, labels, weights)
            for resample, counts in enumerate(weights.astype(int)):
                rows = np.repeat(np.arange(60), counts)
                for code in range(4):
                    expected = theirs(labels[rows, code], scores[rows, code])
                    assert measured[resample, code] == pytest.approx(expected, abs=1e-12)

    def test_average_precision_by_hand_with_weights_and_a_tie(self):
        scores = np.array([[0.9], [0.5], [0.5], [0.1]])
        labels = np.array([[True], [False], [True], [True]])
        weights = np.array([[1.0, 1, 1, 1], [0, 2, 1, 0], [3, 1, 0, 0], [0, 1, 0, 0]])
        # As they are: precisions 1, 2/3 (the tie taken together) and 3/4. Then one positive tied
        # with two negatives; then positives alone above; then no positive at all.
        np.testing.assert_allclose(
            weighted_average_precision(scores, labels, weights)[:, 0],
            [(1 + 2 / 3 + 3 / 4) / 3, 1 / 3, 1, np.nan],
        )

    def test_only_some_codes_may_count(self, rng):
        scores, labels = scored(rng, 100, 3)
        only = np.array([True, False, True])
        result = evaluate.bootstrap_auroc(scores, labels, rng=rng, resamples=20, only=only)
        assert result.counted.tolist() == only.tolist()
        assert result.macro == pytest.approx(result.auroc[only].mean())
        with pytest.raises(DataError, match="None of the 0 codes"):
            evaluate.bootstrap_auroc(scores, labels, rng=rng, resamples=2, only=~only & only)

    def test_point_estimates_equal_scikit_learn(self, rng):
        scores, labels = scored(rng, 200, 5)
        result = evaluate.bootstrap_auroc(scores, labels, rng=rng, resamples=10)
        expected = roc_auc_score(labels, scores, average=None)
        np.testing.assert_allclose(result.auroc, expected, atol=1e-12)
        assert result.macro == pytest.approx(expected.mean(), abs=1e-12)
        assert evaluate.macro_auroc(scores, labels) == result.macro

    def test_rare_codes_stay_out_of_the_macro(self, rng):
        scores, labels = scored(rng, 100, 3)
        labels[:, 1] = False
        labels[:4, 1] = True
        result = evaluate.bootstrap_auroc(scores, labels, rng=rng, resamples=50)
        assert result.counted.tolist() == [True, False, True]
        assert np.isnan(result.auroc[1])
        assert np.isnan(result.intervals[1]).all()
        assert result.macro == pytest.approx(result.auroc[[0, 2]].mean())

    def test_a_resample_without_positives_is_left_out_not_counted_as_chance(self, rng):
        labels = np.zeros((40, 1), dtype=bool)
        labels[:2] = True
        scores = labels.astype(np.float64)
        result = evaluate.bootstrap_auroc(
            scores, labels, rng=rng, resamples=300, minimum_positives=2
        )
        assert result.interval == (1.0, 1.0)

    def test_no_code_with_enough_positives(self, rng):
        with pytest.raises(DataError, match="None of the 2 codes has 5 positives among 30"):
            evaluate.bootstrap_auroc(
                np.zeros((30, 2)), np.zeros((30, 2), dtype=bool), rng=rng, resamples=10
            )

    def test_same_seed_same_interval(self):
        scores, labels = scored(np.random.default_rng(3), 100, 3)
        first, second = (
            evaluate.bootstrap_auroc(
                scores, labels, rng=np.random.default_rng(4), resamples=50
            ).interval
            for _ in range(2)
        )
        assert first == second

    def test_interval_covers_the_truth_about_as_often_as_it_says(self, rng):
        # Two normal populations one standard deviation apart: AUROC = Phi(1 / sqrt 2) = 0.760.
        covered = 0
        for _ in range(200):
            labels = rng.random((150, 1)) < 0.3
            scores = rng.normal(size=(150, 1)) + labels
            result = evaluate.bootstrap_auroc(scores, labels, rng=rng, resamples=200)
            covered += bool(result.interval[0] <= 0.7602 <= result.interval[1])
        assert 0.89 <= covered / 200 <= 0.99

    def test_drawing_patients_widens_the_interval_of_repeated_ecgs(self, rng):
        scores, labels = scored(rng, 80, 1)
        scores, labels = np.repeat(scores, 5, axis=0), np.repeat(labels, 5, axis=0)
        patients = np.repeat(np.arange(80), 5)
        alone = evaluate.bootstrap_auroc(scores, labels, rng=rng, resamples=400).interval
        grouped = evaluate.bootstrap_auroc(
            scores, labels, rng=rng, resamples=400, groups=patients
        ).interval
        assert np.diff(grouped) > 1.6 * np.diff(alone)

    def test_is_quick_enough_for_every_evaluation(self, rng):
        scores, labels = scored(rng, 350, 30)
        began = time.process_time()
        evaluate.bootstrap_auroc(scores, labels, rng=rng)
        assert time.process_time() - began < 5


class TestCalibration:
    def test_error_by_hand(self):
        probability = np.array([0.1, 0.1, 0.9, 0.9])
        labels = np.array([False, False, True, False])
        # Gaps of 0.1 and 0.4, two ECGs each.
        assert evaluate.expected_calibration_error(probability, labels, bins=2) == pytest.approx(
            0.25
        )

    def test_curve_holds_only_filled_bins_and_takes_one_for_the_last(self):
        curve = evaluate.calibration_curve(
            np.array([0.0, 0.05, 1.0]), np.array([False, True, True]), bins=10
        )
        np.testing.assert_allclose(curve.predicted, [0.025, 1.0])
        np.testing.assert_allclose(curve.observed, [0.5, 1.0])
        assert curve.count.tolist() == [2, 1]

    def test_curve_equals_scikit_learn(self, rng):
        probability = rng.random(300) ** 3
        labels = rng.random(300) < probability
        curve = evaluate.calibration_curve(probability, labels)
        observed, predicted = calibration_curve(labels, probability, n_bins=15)
        np.testing.assert_allclose(curve.observed, observed, atol=1e-12)
        np.testing.assert_allclose(curve.predicted, predicted, atol=1e-12)

    def test_report_by_hand(self, rng):
        probability = np.array([[0.1, 0.9], [0.1, 0.9], [0.3, 0.9], [0.3, 0.7]])
        labels = np.array([[False, True], [False, True], [False, True], [True, False]])
        result = evaluate.calibration_report(probability, labels, rng=rng, bins=2)
        curve = result["curve"]
        assert curve["edges"] == [[0, 0.5], [0.5, 1]]
        assert curve["count"] == [4, 4]
        np.testing.assert_allclose(curve["predicted"], [0.2, 0.85])
        np.testing.assert_allclose(curve["observed"], [0.25, 0.75])
        # Wilson's interval of 1 in 4 and of 3 in 4, from the published table.
        np.testing.assert_allclose(
            curve["observed_ci"], [[0.0456, 0.6994], [0.3006, 0.9544]], atol=1e-4
        )
        assert result["ece"] == pytest.approx((0.05 + 0.1) / 2)
        json.dumps(result, allow_nan=False)

    def test_error_of_each_resample_is_that_of_its_ecgs(self, rng):
        probability = rng.random((40, 3))
        labels = rng.random((40, 3)) < probability
        patients = np.arange(40) // 2
        result = evaluate.calibration_report(
            probability, labels, rng=np.random.default_rng(5), resamples=60, groups=patients
        )
        again = np.random.default_rng(5).multinomial(20, np.full(20, 1 / 20), size=60)
        errors = []
        for counts in again:
            rows = np.repeat(np.arange(40), counts[patients])
            errors.append(evaluate.expected_calibration_error(probability[rows], labels[rows]))
        low, high = np.percentile(errors, (2.5, 97.5))
        assert result["ece_ci"] == pytest.approx([min(low, result["ece"]), high])

    def test_interval_of_the_error_holds_the_error(self, rng):
        # Perfectly calibrated: all of the error is chance, and resamples only add to it.
        probability = rng.random((200, 5)) ** 3
        labels = rng.random((200, 5)) < probability
        result = evaluate.calibration_report(probability, labels, rng=rng, resamples=200)
        low, high = result["ece_ci"]
        assert low <= result["ece"] < high

    def test_a_matrix_is_pooled(self, rng):
        probability = rng.random((50, 3))
        labels = rng.random((50, 3)) < probability
        assert evaluate.expected_calibration_error(
            probability, labels
        ) == evaluate.expected_calibration_error(probability.ravel(), labels.ravel())

    def test_platt_recovers_a_known_distortion(self, rng):
        truth = rng.normal(size=20_000) * 2 - 1
        labels = rng.random(20_000) < 1 / (1 + np.exp(-truth))
        slope, intercept = evaluate.fit_platt((truth - 0.5) / 3, labels)
        assert slope == pytest.approx(3, rel=0.06)
        assert intercept == pytest.approx(0.5, abs=0.1)

    def test_platt_lowers_the_calibration_error(self, rng):
        truth = rng.normal(size=4000)
        labels = rng.random(4000) < 1 / (1 + np.exp(-truth))
        score = 4 * truth + 2
        slope, intercept = evaluate.fit_platt(score[:2000], labels[:2000])
        raw, fitted = (
            evaluate.expected_calibration_error(1 / (1 + np.exp(-z)), labels[2000:])
            for z in (score[2000:], slope * score[2000:] + intercept)
        )
        assert fitted < 0.04 < raw

    def test_platt_stays_finite_where_one_positive_is_perfectly_separated(self):
        score = np.linspace(-2, 2, 200)
        slope, intercept = evaluate.fit_platt(score, score > 1.99)
        assert 0 < slope < 10
        assert abs(intercept) < 20

    def test_platt_never_reverses_the_order(self, rng):
        score = rng.normal(size=500)
        slope, _ = evaluate.fit_platt(score, score < 0)
        assert slope > 0

    def test_platt_needs_both_classes(self):
        with pytest.raises(DataError, match="0 positive and 3 negative"):
            evaluate.fit_platt(np.zeros(3), np.zeros(3, dtype=bool))


class TestThreshold:
    def test_by_hand(self):
        probability = np.array([0.1, 0.2, 0.4, 0.6, 0.9])
        labels = np.array([False, False, True, False, True])
        # Suggesting from 0.4 on: precision 2/3, recall 1, F1 0.8; from 0.9 on: F1 2/3.
        assert evaluate.f1_threshold(probability, labels) == pytest.approx(0.3)

    def test_is_the_best_of_all_cuts(self, rng):
        labels = rng.random(300) < 0.15
        probability = np.clip(rng.normal(0.3 + 0.2 * labels, 0.15), 0, 1).astype(np.float32)

        def f1(threshold: float) -> float:
            suggested = probability >= threshold
            return 2 * np.sum(suggested & labels) / (suggested.sum() + labels.sum())

        best = max(f1(cut) for cut in np.unique(probability))
        assert f1(evaluate.f1_threshold(probability, labels)) == pytest.approx(best)

    def test_needs_a_positive(self):
        with pytest.raises(DataError, match="at least one positive"):
            evaluate.f1_threshold(np.zeros(3), np.zeros(3, dtype=bool))


class TestReport:
    def test_shape(self, rng):
        scores, labels = scored(rng, 120, 3)
        labels[:, 2] = False
        labels[0, 2] = True
        result = evaluate.report(scores, labels, ("A", "B", "C"), rng=rng, resamples=50)
        assert set(result) == {
            "macro_auroc",
            "ci",
            "macro_auprc",
            "auprc_ci",
            "counted",
            "codes",
        }
        assert result["counted"] == 2
        assert result["ci"][0] < result["macro_auroc"] < result["ci"][1]
        assert result["codes"]["C"] == {
            "auroc": None,
            "ci": None,
            "auprc": None,
            "auprc_ci": None,
            "positives": 1,
            "prevalence": 1 / 120,
        }
        first = result["codes"]["A"]
        assert first["auroc"] == pytest.approx(roc_auc_score(labels[:, 0], scores[:, 0]))
        assert first["positives"] == labels[:, 0].sum()
        assert first["ci"][0] < first["auroc"] < first["ci"][1]
        precision = [average_precision_score(labels[:, n], scores[:, n]) for n in (0, 1)]
        assert first["auprc"] == pytest.approx(precision[0])
        assert first["auprc_ci"][0] < first["auprc"] < first["auprc_ci"][1]
        assert result["macro_auprc"] == pytest.approx(np.mean(precision))
        assert result["auprc_ci"][0] < result["macro_auprc"] < result["auprc_ci"][1]
        assert first["prevalence"] == labels[:, 0].mean()
        json.dumps(result, allow_nan=False)


class TestFold:
    @pytest.fixture
    def records(self, rng: np.random.Generator) -> Records:
        ecgs = 70  # more than one batch
        return Records(
            values=rng.normal(size=(ecgs, 12, 1000)).astype(np.float32),
            present=np.ones((ecgs, 12), dtype=bool),
            statements=rng.random((ecgs, len(STATEMENTS))) < 0.3,
            fold=np.full(ecgs, 10),
            ecg_id=np.arange(ecgs),
            patient_id=np.arange(ecgs),
            age=np.full(ecgs, 60, dtype=np.float32),
            female=np.arange(ecgs) % 2 == 0,
        )

    @pytest.fixture
    def predictor(self, tiny: Predictor) -> Callable[..., Predictor]:
        return lambda *rules: Predictor(replace(tiny.bundle, rules=rules, card={}))

    def test_a_code_is_scored_by_its_most_probable_statement(
        self, predictor, records: Records, rng
    ):
        scorer = predictor(CodeRule("I48.91", 1.0, 0.0, 0.5))
        result = evaluate.score_records(scorer, records, rng=rng, progress=False)
        logits = evaluate.statement_logits(scorer, records, progress=False)
        member = [n for n, statement in enumerate(STATEMENTS) if statement.icd10 == "I44.7"]
        assert len(member) > 1
        expected = roc_auc_score(
            records.statements[:, member].any(axis=1), logits[:, member].max(axis=1)
        )
        assert result["icd10"]["codes"]["I44.7"]["auroc"] == pytest.approx(expected, abs=1e-9)
        assert result["ecgs"] == 70

    def test_calibration_is_that_of_the_codes_offered(self, predictor, records: Records, rng):
        # With slope 0 the probability is the sigmoid of the intercept for every ECG.
        scorer = predictor(CodeRule("I48.91", 0.0, -50.0, 0.5))
        result = evaluate.score_records(scorer, records, rng=rng, progress=False)
        member = [n for n, statement in enumerate(STATEMENTS) if statement.icd10 == "I48.91"]
        share = records.statements[:, member].any(axis=1).mean()
        assert result["ece"] == pytest.approx(share)

    def test_without_calibration_there_is_no_error_of_it(self, predictor, records: Records, rng):
        result = evaluate.score_records(predictor(), records, rng=rng, progress=False)
        assert result["ece"] is result["ece_ci"] is result["calibration"] is None

    def test_same_seed_same_figures_ready_for_json(self, predictor, records: Records):
        scorer = predictor(CodeRule("I48.91", 1.0, 0.0, 0.5))
        first, second = (
            json.dumps(
                evaluate.score_records(
                    scorer, records, rng=np.random.default_rng(0), progress=False
                ),
                allow_nan=False,
            )
            for _ in range(2)
        )
        assert first == second

    def test_every_prediction_of_the_codes_offered_is_in_the_curve(
        self, predictor, records: Records, rng
    ):
        scorer = predictor(CodeRule("I48.91", 1.0, 0.0, 0.5), CodeRule("I25.2", 0.5, -1.0, 0.2))
        result = evaluate.score_records(scorer, records, rng=rng, progress=False)
        assert sum(result["calibration"]["count"]) == 2 * 70
        assert result["ece_ci"][0] <= result["ece"] <= result["ece_ci"][1]

    def test_patients_are_counted_once(self, predictor, records: Records, rng):
        records = replace(records, patient_id=np.arange(70) // 2)
        result = evaluate.score_records(predictor(), records, rng=rng, progress=False)
        assert (result["ecgs"], result["patients"]) == (70, 35)

    def test_statements_trained_often_enough_count_even_if_rare_here(
        self, predictor, records: Records, rng
    ):
        records.statements[:, :3] = False
        records.statements[:2, :2] = True  # below the minimum of 5, but measurable
        scorer = predictor()
        assert (
            evaluate.score_records(scorer, records, rng=rng, progress=False)["statements_trained"]
            is None
        )
        trained = {"positives_train": 10}, {"positives_train": 9}, {"positives_train": 500}
        card = {"statements": dict(zip([s.name for s in STATEMENTS[:3]], trained, strict=True))}
        scorer = Predictor(replace(scorer.bundle, card=card))
        result = evaluate.score_records(scorer, records, rng=rng, progress=False)
        # The second was too rare in training; the third is not found here.
        logits = evaluate.statement_logits(scorer, records, progress=False)
        expected = roc_auc_score(records.statements[:, 0], logits[:, 0])
        found = result["statements_trained"]
        assert found["macro_auroc"] == pytest.approx(expected)
        assert found["counted"] == 1
        assert found["ci"][0] <= expected <= found["ci"][1]

    def test_a_missing_table_is_named(self, predictor, tmp_path):
        with pytest.raises(DataError, match=r"ptbxl_database\.csv"):
            evaluate.evaluate(predictor(), tmp_path, progress=False)


class TestSubgroups:
    """Two codes: the first is ranked perfectly, the second in reverse."""

    def scored(self, female: np.ndarray, age: np.ndarray, rare: np.ndarray, **known) -> dict:
        """Score ECGs of which every second carries the first code, and `rare` the second."""
        ecgs = len(age)
        labels = np.zeros((ecgs, len(ICD10_CODES)), dtype=bool)
        labels[::2, 0] = True
        labels[rare, 1] = True
        scores = np.where(np.arange(len(ICD10_CODES)) == 1, -1.0, 1.0) * labels
        records = Records(
            values=np.zeros((ecgs, 12, 1), dtype=np.float32),
            present=np.ones((ecgs, 12), dtype=bool),
            statements=np.zeros((ecgs, len(STATEMENTS)), dtype=bool),
            fold=np.full(ecgs, 10),
            ecg_id=np.arange(ecgs),
            patient_id=np.arange(ecgs),
            age=age.astype(np.float32),
            female=female,
            **known,
        )
        return evaluate.score_subgroups(
            scores, labels, records, rng=np.random.default_rng(0), resamples=50
        )

    def test_groups_are_compared_over_the_codes_they_share(self):
        female = np.arange(60) < 20
        # Six women and three men carry the second code: too few men to measure it.
        result = self.scored(female, np.full(60, 70.0), np.array([0, 1, 2, 3, 4, 5, 30, 31, 32]))
        women, men = result["sex"]["female"], result["sex"]["male"]
        assert (women["ecgs"], women["codes"], women["macro_auroc"]) == (20, 2, 0.5)
        assert (men["ecgs"], men["codes"], men["macro_auroc"]) == (40, 1, 1.0)
        one = {"macro_auroc": 1.0, "ci": [1.0, 1.0], "codes": 1}
        assert women["shared"] == men["shared"] == one
        json.dumps(result, allow_nan=False)

    def test_ecgs_of_unknown_sex_belong_to_neither(self):
        number = np.arange(60)
        result = self.scored(number < 20, np.full(60, 70.0), np.array([0]), sex_known=number < 50)[
            "sex"
        ]
        assert {name: group["ecgs"] for name, group in result.items()} == {"female": 20, "male": 30}

    def test_ages_fall_on_their_side_of_each_bound(self):
        age = np.concatenate(
            [np.full(12, 49), np.full(13, 50), np.full(14, 64), [65, 79, 80, 300, np.nan]]
        )
        groups = self.scored(np.ones(len(age), dtype=bool), age, np.array([0]))["age"]
        assert {name: group["ecgs"] for name, group in groups.items()} == {
            "under 50": 12,
            "50-64": 27,
            "65-79": 2,
            "80 and over": 2,
        }

    def test_a_group_that_can_measure_nothing_says_so(self):
        result = self.scored(np.ones(40, dtype=bool), np.full(40, 70.0), np.array([0]))
        nothing = {"macro_auroc": None, "ci": None, "codes": 0}
        assert result["sex"]["male"] == {"ecgs": 0, **nothing, "shared": nothing}
        assert result["sex"]["female"]["macro_auroc"] == 1.0
        assert result["sex"]["female"]["shared"] == nothing
        assert result["age"]["65-79"]["ecgs"] == 40
