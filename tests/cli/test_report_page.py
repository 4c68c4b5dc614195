"""The page of a report in a real browser: quiet, offline, true to results.jsonl, valid and accessible."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from report_world import make_study, report_of
from world import TESTS

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    pytest.skip("SKIPPED: chromium and chromedriver are not installed (scripts/setup --lint)", allow_module_level=True)
pytest.importorskip("selenium", reason="SKIPPED: selenium is not installed (scripts/setup --tests)")
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

SHARE = Path(os.environ.get("SOJOURN_NPM_PACKAGES", TESTS.parent / ".venv/share"))  # where scripts/setup puts them
AXE, VALIDATOR = SHARE / "axe-core-4.12.1/axe.min.js", SHARE / "vnu-jar-26.9.27/vnu.jar"
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --window-size=1280,1600""".split()
PROFILES = {"xnli": "accuracy", "udpos": "xtreme-2020", "tatoeba": "accuracy"}


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    world = make_study(tmp_path_factory.mktemp("study"))
    assert world.run("--out", "runs/all").returncode == 0
    # A cell that isn't there, and a language that is in no group.
    rows = (world.root / "runs/all/results.jsonl").read_text().splitlines(keepends=True)
    gone = '"arm":"chain","target":"xnli","task":"xnli"', '"language":"hi"'
    (world.root / "runs/all/results.jsonl").write_text("".join(x for x in rows if not all(y in x for y in gone)))
    report_of(world, "runs/all")
    return world


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def browser(studied, chromium):
    chromium.get("about:blank")  # leaves the browser's own first page
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    chromium.get((studied.root / "report/report.html").as_uri())
    return chromium


def requests_of(browser) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def option_of(browser, chart: str) -> dict:
    return browser.execute_script(
        "const o = echarts.getInstanceByDom(document.getElementById(arguments[0])).getOption();"
        "return {x: o.xAxis[0].data, y: o.yAxis[0].data, series: o.series.map(s => s.data.map(d => d.value ?? d))};", chart)


def serious(browser) -> list[str]:
    browser.execute_script(AXE.read_text())
    result = browser.execute_async_script("axe.run().then(arguments[0])")
    return [f"{one['id']}: {node['html']}" for one in result["violations"] if one["impact"] in ("serious", "critical")
            for node in one["nodes"]]


def test_it_is_quiet_and_asks_for_nothing(browser, studied):
    assert browser.find_element(By.ID, "verdict")
    # Choices change others, which then are other elements.
    for i in range(len(browser.find_elements(By.TAG_NAME, "select"))):
        for k in range(len(Select(browser.find_elements(By.TAG_NAME, "select")[i]).options)):
            Select(browser.find_elements(By.TAG_NAME, "select")[i]).select_by_index(k)
    assert browser.get_log("browser") == []
    requests = requests_of(browser)
    assert requests[0] == (studied.root / "report/report.html").as_uri()
    assert all(url.startswith("data:") for url in requests[1:]), requests


def test_the_heat_maps_have_the_values_of_results_jsonl(browser, studied):
    rows = [json.loads(line) for line in (studied.root / "runs/all/results.jsonl").read_text().splitlines()]
    scores = {}
    for r in rows:
        if PROFILES.get(r["target"]) == r["profile"] and r["split"] == "test":
            scores.setdefault((r["target"], r["arm"], r["language"]), []).append(r["value"])
    for target in PROFILES:
        drawn = option_of(browser, f"heat-{target}")
        known, missing = drawn["series"]
        found = {(drawn["y"][y], drawn["x"][x]): value for x, y, value in known}
        languages = {key[2] for key in scores if key[0] == target}
        expected = {
            (arm, language): sum(scores[target, arm, language]) / 3 - sum(scores[target, "none", language]) / 3
            for arm in ("mnli", "chain")
            for language in languages
            if (target, arm, language) in scores
        }
        assert found == {key: pytest.approx(value) for key, value in expected.items()}
        gone = {(drawn["y"][y], drawn["x"][x]) for x, y, _ in missing}
        assert gone == ({("chain", "hi")} if target == "xnli" else set())


def test_all_charts_are_drawn_and_have_a_table(browser):
    charts = browser.find_elements(By.CSS_SELECTOR, ".chart")
    assert {"heat-xnli", "forest", "seeds", "layers-tatoeba", "curves"} <= {chart.get_attribute("id") for chart in charts}
    for chart in charts:
        assert chart.find_elements(By.CSS_SELECTOR, "svg path"), chart.get_attribute("id")
    tables = browser.find_elements(By.XPATH, "//summary[text()='As a table']")
    assert len(tables) == len(charts)


def test_text_from_the_study_is_no_markup(browser):
    assert "MNLI <helps> on the average" in browser.find_element(By.ID, "hypotheses").text


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, dark):
    if not AXE.exists():
        pytest.skip("SKIPPED: axe-core is not installed (scripts/setup --tests)")
    if dark:
        browser.find_element(By.ID, "theme").click()
    browser.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert serious(browser) == []


def test_the_keyboard_reaches_what_can_be_changed(browser):
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the verdict"
    button = browser.find_element(By.ID, "theme")
    button.send_keys(Keys.ENTER)
    assert "dark" in browser.find_element(By.TAG_NAME, "html").get_attribute("class")
    before = option_of(browser, "forest")
    browser.find_element(By.CSS_SELECTOR, "#forests select").send_keys(Keys.DOWN)
    assert option_of(browser, "forest") != before


def test_it_prints_light_with_all_that_was_folded(browser):
    browser.find_element(By.ID, "theme").click()
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert "dark" not in (browser.find_element(By.TAG_NAME, "html").get_attribute("class") or "")
    assert all(one.get_attribute("open") for one in browser.find_elements(By.CSS_SELECTOR, "main details"))
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert "dark" in browser.find_element(By.TAG_NAME, "html").get_attribute("class")
    assert len(browser.print_page()) > 10_000
    assert browser.get_log("browser") == []


def test_a_validator_finds_no_error(browser, studied, tmp_path):
    """The page as written, and as its script built it."""
    if not VALIDATOR.exists() or not shutil.which("java"):
        pytest.skip("SKIPPED: vnu-jar or java is not installed (scripts/setup --lint)")
    built = tmp_path / "built.html"
    built.write_text("<!DOCTYPE html>" + browser.execute_script(
        "const copy = document.documentElement.cloneNode(true);"
        # What ECharts draws is its own.
        "copy.querySelectorAll('.chart').forEach(one => { one.replaceChildren(); one.removeAttribute('_echarts_instance_'); });"
        "copy.querySelectorAll('script').forEach(one => one.remove()); return copy.outerHTML;"))
    files = [str(studied.root / "report/report.html"), str(built)]
    result = subprocess.run(["java", "-jar", str(VALIDATOR), "--errors-only", "--format", "gnu", *files], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
