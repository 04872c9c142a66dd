"""Published runs give published numbers; where a convention decides, each gives its own."""

import numpy as np
import pytest

from gulliver.laws import Table, fit, read_table
from gulliver.laws.vocabulary_optimum import LEAST_FLOPS, flop_identity, optima
from tests.laws.published import published

_SCORES = (
    (0.3855, 0.3917, 0.4078, 0.4133, 0.4151, 0.4244, 0.4320),
    (0.4333, 0.4519, 0.4528, 0.4597, 0.4609, 0.4758, 0.4808),
    (0.4630, 0.4692, 0.4858, 0.4916, 0.5023, 0.5092, 0.5185),
    (0.4810, 0.4971, 0.5050, 0.5141, 0.5172, 0.5238, 0.5354),
)  # Li et al. 2024, arXiv:2411.03312: average scores by language model and visual tokens


def _repeated() -> Table:
    table = read_table(published("repeated_data_runs.csv"), {"loss": "val_loss", "parameters": "params"})
    for formula in ("parameters=parameters*1e9", "tokens=tokens*1e9", "unique_tokens=unique_tokens*1e9"):
        table = table.derive(formula)
    return table


def test_by_the_papers_procedure_repetition_fits_better_than_its_constants_and_is_not_identified() -> None:
    found = fit(_repeated(), "repeated_data_returns", bootstrap=200)
    assert found.rows == 182
    assert found.objective <= 0.015805
    said = " ".join(w for w in found.warnings if "identified" in w)
    assert "R_D" in said
    assert "R_N" in said


def test_with_all_seven_constants_free_the_fit_is_better_still_and_excess_parameters_have_no_rate() -> None:
    found = fit(_repeated(), "repeated_data", bootstrap=0)
    assert found.objective < 0.0066
    assert any("R_N" in w and "limit" in w for w in found.warnings)


@pytest.fixture(scope="module")
def vocabulary() -> Table:
    names = {
        "parameters": "Non_vocab_parameters",
        "vocabulary": "vocab_size",
        "width": "embed_dim",
        "characters": "num_characters",
        "flops": "FLOPs",
        "loss": "Lossu",
    }
    return read_table(published("vocabulary_runs.csv"), names)


def test_flops_follow_from_tokens_per_character_at_the_vocabulary_and_not_at_its_thousandth(vocabulary: Table) -> None:
    assert flop_identity(vocabulary) < 1e-12
    assert flop_identity(vocabulary, 1000.0) > 1.0


def test_the_published_optimum_comes_from_the_thousandth_and_is_more_than_halved_without_it(vocabulary: Table) -> None:
    made, fits = optima(vocabulary, [7e9, 70e9], bootstrap=0)
    found = {(o.approach, o.convention, o.parameters): o.vocabulary for o in made}
    per = "tokens per character at V"
    assert found["parametric", f"{per}/1000", 7e9] == pytest.approx(59_548, rel=0.02)
    assert found["parametric", f"{per}/1000", 70e9] == pytest.approx(217_961, rel=0.02)
    assert found["parametric", per, 7e9] == pytest.approx(26_600, rel=0.02)
    assert found["parametric", per, 70e9] == pytest.approx(66_400, rel=0.02)
    assert found["derivative", per, 7e9] == pytest.approx(67_450, rel=0.01)
    assert found["derivative", per, 70e9] == pytest.approx(230_861, rel=0.01)
    assert found["isoflops", "interpolated runs too, squares", 7e9] == pytest.approx(62_281, rel=0.03)
    assert found["isoflops", "interpolated runs too, squares", 70e9] == pytest.approx(211_860, rel=0.03)
    assert found["isoflops", "measured runs, Huber", 70e9] > 280_000
    assert fits["vocabulary_thousands"].rows == int((vocabulary.columns["flops"] >= LEAST_FLOPS).sum())
    assert fits["vocabulary_thousands"].objective == pytest.approx(0.062291, abs=2e-6)


def _visual() -> dict[str, np.ndarray]:
    return {
        "parameters": np.repeat([0.5e9, 1.8e9, 4e9, 7e9], 7),
        "visual_tokens": np.tile([1.0, 4, 16, 36, 64, 144, 576], 4),
        "error": 1.0 - np.array(_SCORES).ravel(),
    }


def test_visual_tokens_matter_a_fifth_as_much_as_parameters() -> None:
    found = fit(_visual(), "visual_tokens", bootstrap=200)
    assert found.constants["alpha"].value == pytest.approx(0.071, abs=0.001)
    assert found.constants["beta"].value == pytest.approx(0.0151, abs=0.0005)


def test_one_visual_token_is_best_without_text_and_thirteen_with_fifty() -> None:
    found = fit(_visual(), "visual_tokens", bootstrap=0)
    alone, beside = (found.form.plan(found.theta, {"flops": 1e12, "text_tokens": text}) for text in (0.0, 50.0))
    assert alone is not None
    assert beside is not None
    assert alone["visual_tokens"][0] == 1.0
    assert beside["visual_tokens"][0] == pytest.approx(13.5, abs=0.3)
    assert beside["parameters"][0] == pytest.approx(1e12 / 2 / (50 + beside["visual_tokens"][0]))
