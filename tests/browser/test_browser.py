"""What people see of a Kedro project in Dagster's UI."""

import hashlib
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow
LAUNCHPAD = "/locations/orchestration/jobs/train_linear/playground"
EDITOR = "document.querySelector('.CodeMirror').CodeMirror"


def text_of_launchpad(page):
    page.goto(LAUNCHPAD)
    page.wait_for_selector(".CodeMirror")
    page.wait_for_function(f"{EDITOR}.getValue().includes('linear_build_model')")
    return page.evaluate(f"{EDITOR}.getValue()")


def launch(page, config):
    """Launch what the launchpad holds; the page of the run."""
    text_of_launchpad(page)
    page.evaluate(f"text => {EDITOR}.setValue(text)", config)
    page.get_by_role("button", name="Launch Run").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    return page


def test_groups_and_assets_in_the_graph(page, picture):
    page.goto("/asset-groups")
    for group in ("data_processing", "features", "forest", "linear", "evaluation"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    picture("lineage")
    page.goto("/locations/orchestration/asset-groups/data_processing")
    for asset in ("flights_clean", "planes_clean", "flights_joined", "check_quality"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()


def test_the_page_of_an_asset(page, picture):
    page.goto("/assets/flights_clean?view=overview")
    for text in ("12,085", "data_processing", "pandas", "Parquet", "data/02_intermediate/flights.parquet"):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
    expect(page.get_by_text("Keep the flights that arrived").first).to_be_visible()
    expect(page.get_by_text(re.compile("catalog.yml")).first).to_be_visible()
    picture("asset")


def test_the_picture_of_a_figure(page, picture):
    page.goto("/assets/predictions_plot?view=overview")
    page.get_by_text("[Show Markdown]").first.click()
    drawn = page.locator("img[alt=preview]")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("image => image.naturalWidth") > 300
    picture("figure")


def test_first_rows_and_metrics(page, picture):
    page.goto("/assets/carrier_summary?view=overview")
    rows = page.locator("tr", has_text="kedro/preview").locator("table tbody tr")
    expect(rows).to_have_count(5)
    rows.last.scroll_into_view_if_needed()
    picture("preview")
    page.goto("/assets/model_metrics?view=overview")
    page.get_by_role("button", name="Plots").click()
    plot = page.get_by_text("kedro/metrics/linear.rmse").first
    plot.scroll_into_view_if_needed()
    expect(plot).to_be_visible()
    picture("metrics")


def test_the_page_of_the_session_resource(page):
    page.goto("/locations/orchestration/resources/flights")
    expect(page.get_by_text("Options of the Kedro session of a run").first).to_be_visible()
    expect(page.get_by_text("runtime_params").first).to_be_visible()


def test_the_results_of_checks(page, picture):
    page.goto("/assets/flights_joined?view=checks")
    for check in ("not_empty", "columns"):
        expect(page.get_by_text(check, exact=True).first).to_be_visible()
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    picture("checks")


def test_an_override_in_the_launchpad_changes_the_result(page, picture, workspace):
    predictions = workspace / "flights/data/07_model_output/linear_predictions.parquet"
    before = hashlib.sha256(predictions.read_bytes()).hexdigest()
    shown = text_of_launchpad(page)
    assert "alpha: 1.0" in shown
    assert "filepath: data/07_model_output/linear_predictions.parquet" in shown
    picture("launchpad")
    launch(page, 'ops: {linear_build_model: {config: {"params:linear.model_options": {arguments: {alpha: 100000.0}}}}}')
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=240_000)
    page.locator("input[placeholder^=Filter]").last.fill("Completed node")  # only the rows in sight are in the page
    expect(page.get_by_text(re.compile("Completed node: linear.build_model")).first).to_be_visible()
    picture("run")
    assert hashlib.sha256(predictions.read_bytes()).hexdigest() != before


def test_a_failing_run_shows_the_error_of_the_node(page):
    launch(page, 'ops: {linear_build_model: {config: {"params:linear.model_options": {estimator: nonsense}}}}')
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible(timeout=240_000)
    expect(page.get_by_text(re.compile("nonsense")).first).to_be_visible()


def test_a_wrong_override_is_told_before_the_run(page):
    text_of_launchpad(page)
    wrong = 'ops: {linear_build_model: {config: {"params:linear.model_options": {estimator: 3}}}}'
    page.evaluate(f"text => {EDITOR}.setValue(text)", wrong)
    expect(page.get_by_text(re.compile("Invalid scalar")).first).to_be_visible()


def test_partitions_and_schedules(page):
    page.goto("/automation")
    for name in ("everything_schedule", "statements_schedule"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    page.goto("/locations/airports/jobs/airports/partitions")
    expect(page.get_by_text("Total partitions")).to_be_visible()
    expect(page.get_by_text("42", exact=True).first).to_be_visible()  # three airports, fourteen days
