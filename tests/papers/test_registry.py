"""The bibliography is whole, and a status says what can really be run."""

import pytest

from gulliver.errors import GulliverError
from gulliver.papers import Finding, Paper, load_paper, rows
from gulliver.papers.registry import status_of


def _never(scale: str, progress: object) -> Finding:
    raise AssertionError("status must not run an experiment")


def test_there_are_119_publications_with_distinct_ids() -> None:
    assert len(rows()) == len({row.id for row in rows()}) == 119


def test_each_row_names_a_room_and_says_claim_and_building_briefly() -> None:
    rooms = {"data", "environments", "laws", "multimodal", "serving", "strategies", "systems", "tasks", "transforms"}
    assert {row.area for row in rows()} == rooms
    for row in rows():
        assert row.title
        assert 20 <= len(row.claim) <= 200, row.id
        assert 20 <= len(row.builds) <= 200, row.id


def test_pal_works_and_what_has_no_module_is_planned() -> None:
    status = {row.id: row.status for row in rows()}
    assert status["pal-2022"] == "works"
    assert "planned" in status.values()


def test_a_paper_that_lacks_a_scale_or_says_so_works_partly() -> None:
    whole = Paper("x", "claim", (), _never)
    assert status_of(whole) == "works"
    assert status_of(whole, "vision is missing") == "partly"
    assert status_of(Paper("x", "claim", (), _never, scales=("smoke",))) == "partly"


def test_rows_of_one_area() -> None:
    assert {row.area for row in rows("systems")} == {"systems"}
    with pytest.raises(GulliverError, match=r"the areas are: data, .*transforms"):
        rows("sports")


def test_an_unknown_id_is_answered_with_near_ones() -> None:
    with pytest.raises(GulliverError, match=r"did you mean .*pal-2022"):
        load_paper("pal-2023")
    with pytest.raises(GulliverError, match="`gulliver papers` lists them all"):
        load_paper("zzzz")


def test_a_planned_paper_says_that_it_is_not_built() -> None:
    planned = next(row.id for row in rows() if row.status == "planned")
    with pytest.raises(GulliverError, match=rf"{planned} is not built yet; these can be run: .*pal-2022"):
        load_paper(planned)


def test_each_module_is_the_paper_that_its_name_says_and_cites_its_numbers() -> None:
    for row in rows():
        if row.status != "planned":
            paper = load_paper(row.id)
            assert paper.id == row.id
            assert paper.published
            assert all(figure.source for figure in paper.published)
