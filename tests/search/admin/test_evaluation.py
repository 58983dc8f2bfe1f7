"""The admin's page of evaluations, and the geometry of its plots."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from search.evaluation.plots import BESIDE, LEFT, RIGHT, WIDTH, Named, dots, trend
from search.evaluation.tables import sections
from search.models import Evaluation
from tests.support.factories import make_encoder

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:search_evaluation_changelist")
A, B = Named("a", 0), Named("b", 1)
COCO = "COCO val2017"


def evaluated(slug="fake", *, figures=None, days_ago=0, **fields):
    encoder = make_encoder(
        slug=slug,
        revision=slug,
        checkpoint=fields.pop("checkpoint", slug),
        state="serving" if slug == "fake" else "ready",
    )
    values = {"dataset": COCO, "task": "words to pictures", "queries": 25_014} | fields
    figures = figures or {"R@1": [0.521, 0.515, 0.527]}
    row = Evaluation.objects.create(encoder=encoder, figures=figures, **values)
    then = datetime.now(UTC) - timedelta(days=days_ago)
    Evaluation.objects.filter(pk=row.pk).update(created=then)
    return row


def side_by_side():
    run = uuid4()
    evaluated(run=run, differences={"other": {"R@1": 0.0005}})
    evaluated("other", run=run, figures={"R@1": [0.4, 0.3, 0.5]})


def page_of(client, **parameters):
    page = client.get(PAGE, parameters)
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def names(plot):
    return [text.text for text in plot.texts if text.css == "name"]


def scale(plot):
    """The texts below a plot."""
    return [text.text for text in plot.texts if text.anchor == "middle"]


def test_an_empty_page_says_what_to_do(curator_client):
    assert "Run <code>manage.py evaluate</code>" in page_of(curator_client)


def test_encoders_stand_side_by_side_with_intervals_and_p_values(curator_client):
    side_by_side()
    page = page_of(curator_client)
    assert "<td>52.1<small>51.5 to 52.7</small></td>" in page
    assert "<td>40.0<small>30.0 to 50.0</small></td>" in page
    assert "<td>&lt; 0.001</td>" in page


def test_a_difference_that_may_be_chance_is_grey(curator_client):
    run = uuid4()
    evaluated(run=run, differences={"other": {"R@1": 0.3}})
    evaluated("other", run=run)
    assert '<td class="unsure">0.300</td>' in page_of(curator_client)


def test_encoders_measured_apart_are_not_tested_in_pairs():
    evaluated(differences={"other": {"R@1": 0.3}})
    evaluated("other")
    (section,) = sections(COCO)
    assert [line.of.slug for line in section.table.lines] == ["fake", "other"]
    assert section.table.pairs == []


def test_the_last_measurement_is_shown_and_the_earlier_ones_are_a_trend():
    evaluated(figures={"R@1": [0.3, 0.2, 0.4]}, days_ago=9)
    evaluated()
    (section,) = sections(COCO)
    assert [line.cells[0].text for line in section.table.lines] == ["52.1"]
    assert len(section.trend.marks) == 2


def test_one_measurement_is_no_trend():
    evaluated()
    assert sections(COCO)[0].trend is None


def test_the_published_figure_stands_below(curator_client):
    evaluated(checkpoint="google/siglip2-base-patch16-224")
    assert "fake: 52.1 published for R@1 (arXiv:2502.14786, Table 1)." in page_of(curator_client)


def test_languages_have_a_plot_and_tables():
    evaluated()
    for language in ("de", "en"):
        evaluated(language=language, figures={"R@1": [0.3, 0.2, 0.4]})
    (section,) = sections(COCO)
    assert names(section.by_language) == ["de", "en"]
    assert [table.language for table in section.languages] == ["de", "en"]


def test_the_cost_is_no_percentage(curator_client):
    evaluated(
        task="cost", figures={"text ms, median": [81.04, 80, 82], "bytes a vector": [1544] * 3}
    )
    page = page_of(curator_client)
    assert "<td>81.0<small>80.0 to 82.0</small></td><td>1,544</td>" in page
    assert 'class="plot"' not in page


def test_figures_stand_in_the_order_of_papers():
    names = ["R@1", "R@5", "R@10", "mAP", "MRR", "nDCG@10"]
    evaluated(figures={name: [0.5, 0.4, 0.6] for name in names})
    assert sections(COCO)[0].table.names == names


def test_one_dataset_is_shown_at_a_time(curator_client):
    evaluated(days_ago=1)
    evaluated(dataset="labels of the library", figures={"R@1": [0.111, 0.1, 0.2]})
    assert "11.1" in page_of(curator_client) and "52.1" not in page_of(curator_client)
    assert "52.1" in page_of(curator_client, dataset=COCO)
    assert "11.1" in page_of(curator_client, dataset="nowhere")


def test_the_page_has_no_script_or_style_of_its_own(curator_client):
    side_by_side()
    content = (
        page_of(curator_client).split('<div class="evaluations">')[1].split('<div id="modal')[0]
    )
    own = content[: content.index("evaluations__note")]
    assert "<script" not in own and "style=" not in own


def test_evaluations_are_read_only(curator_client):
    row = evaluated()
    assert curator_client.get(reverse("admin:search_evaluation_add")).status_code == 403
    delete = reverse("admin:search_evaluation_delete", args=[row.pk])
    assert curator_client.post(delete, {"post": "yes"}).status_code == 403


def test_readers_do_not_see_evaluations(reader_client):
    assert reader_client.get(PAGE, follow=True).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_evaluations(
    curator_client, django_assert_max_num_queries
):
    for language in ("", *"abcdefgh"):
        for task in ("words to pictures", "pictures to words"):
            evaluated(language=language, task=task)
    with django_assert_max_num_queries(12):
        page_of(curator_client)


def test_dots_stand_on_a_round_scale():
    plot = dots([("R@1", [(A, [0.52, 0.51, 0.53]), (B, [0.4, 0.38, 0.42])])])
    assert scale(plot) == ["35", "40", "45", "50", "55"]
    better, worse = plot.marks
    assert LEFT < worse.x1 < worse.x < worse.x2 < better.x < WIDTH - RIGHT
    assert better.y < worse.y


@pytest.mark.parametrize("figure", [0.0, 0.5, 1.0, 0.333])
def test_a_lone_figure_has_a_place(figure):
    plot = dots([("R@1", [(A, [figure] * 3)])])
    assert LEFT <= plot.marks[0].x <= WIDTH - RIGHT


def test_a_trend_runs_from_left_to_right_and_higher_is_better():
    day = datetime(2026, 1, 1, tzinfo=UTC)
    points = [(day, [0.3, 0.2, 0.4]), (day + timedelta(days=30), [0.6, 0.5, 0.7])]
    plot = trend([(A, points)])
    first, last = plot.marks
    assert first.x < last.x and first.y > last.y
    assert scale(plot) == ["31 Jan 2026", "01 Jan 2026"]


def test_marks_differ_in_shape_as_well_as_colour():
    encoders = [Named("", number) for number in range(12)]
    assert len({(of.colour, of.shape) for of in encoders}) == 12


def test_a_long_name_has_its_room_beside_the_plot():
    plot = dots([("recall@10 of pictures", [(A, [0.5, 0.4, 0.6])])])
    (name,) = (text for text in plot.texts if text.css == "name")
    assert name.x > 150 - BESIDE
