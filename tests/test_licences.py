"""Which licences are let in."""

import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from tests import licences


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("MIT", True), ("Apache-2.0 OR GPL-3.0-only", True), ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-2.0-only", False), ("GPL-3.0-or-later", False), ("AGPL-3.0-only", False),
        ("not said", False), ("Proprietary", False),
    ],
)  # fmt: skip
def test_licence_is_allowed_when_we_may_choose_it(said: str, allowed: bool) -> None:
    assert licences.is_allowed(said) is allowed


def made_up(tmp_path: Path, metadata: str, licence: str = "") -> PathDistribution:
    folder = tmp_path / "x-1.dist-info"
    (folder / "licenses").mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: x\nVersion: 1\n{metadata}\n")
    (folder / "licenses" / "LICENSE").write_text(licence)
    (folder / "RECORD").write_text("x-1.dist-info/licenses/LICENSE,,\n")
    return PathDistribution(folder)


def test_every_way_to_say_a_licence_is_understood(tmp_path: Path) -> None:
    for number, (metadata, licence) in enumerate(
        [
            ("License-Expression: ISC", "ISC"),
            ("License: BSD", "BSD-3-Clause"),
            ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
            ("License: Ours alone", "Ours alone"),
            ("Summary: x", "not said"),
        ]
    ):
        assert licences.licence_of(made_up(tmp_path / str(number), metadata)) == licence


def test_gpl_inside_a_wheel_is_noticed(tmp_path: Path) -> None:
    bundled = made_up(tmp_path / "1", "License: MIT", "libx: GPLv2, see COPYING")
    assert licences.speaks_of_gpl(bundled)
    assert not licences.speaks_of_gpl(made_up(tmp_path / "2", "License: MIT", "As is. LGPL-2.1"))


def test_everything_that_is_imported_at_run_time_is_looked_at() -> None:
    found = licences.packages()
    assert {"django", "wagtail", "kombu", "psycopg-pool", "svix", "boto3"} <= set(found)
    assert not {"djlint", "pytest", "hypothesis", "pillow-heif", "html2text"} & set(found)
    assert [*licences.problems()] == []


def test_old_table_is_refused() -> None:
    page = licences.PAGE.read_text()
    assert licences.is_true(page)
    assert not licences.is_true(page.replace("| kombu | BSD-3-Clause |\n", ""))
    assert not licences.is_true(page.replace("| kombu | BSD", "| kombu | GPL"))
    assert not licences.is_true(page + "| html2text | GPL-3.0-or-later |\n")


def test_project_says_its_own_licence_in_every_place() -> None:
    project = tomllib.loads((licences.ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "BSD-3-Clause"
    assert "BSD 3-Clause License" in (licences.ROOT / "LICENSE").read_text()
