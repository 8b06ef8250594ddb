"""import, template, key, init, export and trend in this process: what they say, their exit status, and what
is in the park afterwards. test_park_commands calls them as a person does, each in a process of its own."""

import getpass
import hashlib
import json
from pathlib import Path
from zipfile import is_zipfile

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from xietong.cli import main
from xietong.park import models

pytestmark = pytest.mark.django_db
FILES = {
    "park.toml": '[park]\ncode = "YL"\nname = "云岭工业园"\nname_en = "Yunling"\nregion = "陕西"\n',
    "subjects.csv": "code,kind,name,name_en,parent,zone,sector\nYL,park,云岭,Yunling,,,\n"
    "E01,enterprise,青塬特钢,Steel,YL,东区,钢铁\n",
    "points.csv": "code,subject,quantity,item,unit,shape,interval_s,source\n"
    "M1,E01,energy,electricity_purchased,kWh,amount,3600,sheet\n",
    "reported.csv": "subject,period,item,amount,unit\nE01,2025-03,raw_coal,100,t\nE01,2025-02,raw_coal,80,t\n",
}
READINGS = "point,at,value,flag\n" + "".join(f"M1,2025-03-14T{hour:02}:00:00,100,\n" for hour in range(24))


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A data folder that is not there yet."""
    settings.DATA = tmp_path / "data"
    return tmp_path / "data"


@pytest.fixture
def park(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A park of one enterprise with one meter and two months of coal."""
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert main(["load", str(folder)]) == 0
    capsys.readouterr()
    return data


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """A day of a meter, 100 kWh an hour."""
    path = tmp_path / "readings.csv"
    path.write_text(READINGS)
    return path


def electricity(capsys: pytest.CaptureFixture[str]) -> object:
    capsys.readouterr()
    asked = ("--subject", "E01", "--period", "2025-03-14", "--key", "electricity_purchased", "--json")
    assert main(["account", *asked]) == 0
    return json.loads(capsys.readouterr().out)["figures"][0]["value"]


def journals(data: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (data / "journal").rglob("*.seg")}


# ---- import ----


def test_a_file_of_readings_is_in_the_account(park: Path, readings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(readings), "--stamps", "start", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["accepted"], told["rejected"], told["readings"], told["settled"]) == (24, [], 24, True)
    assert electricity(capsys) == pytest.approx(2.4)  # 24 × 100 kWh in MWh
    (kept,) = (path for path in (park / "evidence").glob("*/*") if path.read_bytes() == readings.read_bytes())
    assert kept.name == hashlib.sha256(READINGS.encode()).hexdigest()


def test_bad_rows_are_named_and_the_good_ones_stay(
    park: Path, readings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings.write_text(READINGS + "M9,2025-03-14T00:00:00,1,\nM1,yesterday,1,\n")
    assert main(["import", str(readings), "--lang", "en"]) == 3
    told = capsys.readouterr()
    assert "24 rows accepted, 2 places rejected." in told.out
    assert ("row 26" in told.err, "M9" in told.err, "row 27" in told.err) == (True, True, True)
    assert electricity(capsys) == pytest.approx(2.4)


def test_only_the_first_fifty_places_are_said(park: Path, readings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readings.write_text("point,at,value\n" + "".join(f"X{number},2025-03-14T00:00,1\n" for number in range(53)))
    assert main(["import", str(readings), "--lang", "en"]) == 3
    told = capsys.readouterr()
    assert told.err.splitlines()[-1] == "3 more; --json lists them all."
    assert len(told.err.splitlines()) == 51
    assert "0 rows accepted, 53 places rejected." in told.out


def test_a_correction_with_its_reason_stands_before_the_reading(
    park: Path, readings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(readings)]) == 0
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("point,at,value,flag\nM1,2025-03-14T05:00:00,700,\n")
    capsys.readouterr()
    assert main(["import", str(corrected), "--corrects", "--lang", "en"]) == 2
    assert "reason" in capsys.readouterr().err
    proof = tmp_path / "sheet.pdf"
    proof.write_bytes(b"%PDF-1.4 the sheet")
    assert main(["import", str(corrected), "--corrects", "--reason", "抄错", "--evidence", str(proof)]) == 0
    assert electricity(capsys) == pytest.approx(3.0)  # 23 × 100 + 700 kWh
    assert any(path.read_bytes() == proof.read_bytes() for path in (park / "evidence").glob("*/*"))


def test_files_that_cannot_be_used_are_bad_use(
    park: Path, readings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = journals(park)
    for arguments, sentence in (
        ([str(tmp_path / "none.csv")], "none.csv 不是文件 · is no file"),
        ([str(readings), "--evidence", str(tmp_path / "none.pdf")], "none.pdf 不是文件 · is no file"),
        ([str(readings), "--errors", str(tmp_path / "marked.csv")], "marked.csv exists already, is no .xlsx"),
        ([str(readings), "--errors", str(tmp_path / "nowhere/marked.xlsx")], "has no folder"),
        ([str(readings), "--mapping", str(tmp_path / "none.toml")], "none.toml"),
    ):
        assert main(["import", *arguments]) == 2
        assert sentence in capsys.readouterr().err
    assert journals(park) == before
    assert electricity(capsys) is None


# ---- template ----


def test_a_workbook_is_written_once_and_never_over_another(
    park: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "march.xlsx"
    asked = ["template", "--subject", "E01", "--period", "2025-03", "-o", str(target)]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == str(target)
    written = target.read_bytes()
    assert is_zipfile(target)
    assert main(asked) == 2
    assert "exists already" in capsys.readouterr().err
    assert target.read_bytes() == written


def test_a_workbook_of_nobody_or_no_period_is_bad_use(
    park: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "march.xlsx"
    assert main(["template", "--subject", "E99", "--period", "2025-03", "-o", str(target)]) == 2
    assert "there is no subject E99" in capsys.readouterr().err
    assert main(["template", "--subject", "E01", "--period", "2025-13", "-o", str(target), "--lang", "en"]) == 2
    assert "2025-13" in capsys.readouterr().err
    assert not target.exists()


def test_a_workbook_without_a_park_is_bad_use(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "--subject", "E01", "--period", "2025-03", "-o", str(tmp_path / "march.xlsx")]) == 2
    assert capsys.readouterr().err.startswith("xietong template: ")
    assert not (tmp_path / "march.xlsx").exists()


# ---- key ----


def test_a_key_is_made_shown_once_listed_and_revoked(park: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "make", "scada", "--subject", "E01", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    row = models.ApiKey.objects.get(name="scada")
    assert (row.subject, row.revoked_at) == ("E01", None)
    assert row.secret_sha256 == hashlib.sha256(made["secret"].encode()).hexdigest()
    assert main(["key", "list"]) == 0
    listed = capsys.readouterr().out
    assert (listed.split()[:2], made["secret"] in listed) == (["scada", "E01"], False)
    assert main(["key", "revoke", "scada", "--reason", "设备退役"]) == 0
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert main(["key", "list", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["name"], told["revoked_at"]) == ("scada", row.revoked_at.isoformat())
    assert main(["key", "revoke", "scada", "--reason", "again", "--lang", "en"]) == 2
    assert 'there is no key "scada" in force' in capsys.readouterr().err


def test_a_key_of_nobody_without_a_name_or_of_a_taken_one_is_bad_use(
    park: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "make", "scada", "--subject", "E01"]) == 0
    assert len(capsys.readouterr().out.strip()) >= 40  # 32 random bytes in base64
    for arguments, sentence in (
        (["make"], "name the key"),
        (["make", "other", "--subject", "E99"], 'there is no subject "E99"'),
        (["make", "scada", "--subject", "E01"], "is empty or taken"),
        (["revoke", "scada"], "reason"),
    ):
        assert main(["key", *arguments, "--lang", "en"]) == 2
        assert sentence in capsys.readouterr().err
    assert list(models.ApiKey.objects.values_list("name", "revoked_at")) == [("scada", None)]


# ---- init ----


def test_a_data_folder_with_its_first_user(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--user", "zhao"]) == 0
    password = capsys.readouterr().out.split()[-1]
    assert User.objects.get(username="zhao").check_password(password)
    assert {path.name for path in data.iterdir()} >= {"journal", "evidence", "lake", "secret.key"}
    assert (data / "secret.key").stat().st_mode & 0o077 == 0
    key = (data / "secret.key").read_bytes()
    assert main(["init", "--user", "zhao"]) == 0
    assert "is there already" in capsys.readouterr().out
    assert User.objects.get(username="zhao").check_password(password)
    assert (data / "secret.key").read_bytes() == key


def test_a_password_of_ones_own_is_judged_and_asked_twice(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed, status in ((["1234"], 2), (["Kiln-7-slag-dust", "Kiln-7-slag-dusk"], 2), (["Kiln-7-slag-dust"] * 2, 0)):
        answers = iter(typed)
        monkeypatch.setattr(getpass, "getpass", lambda _prompt, answers=answers: next(answers))
        assert main(["init", "--user", "qian", "--ask"]) == status
        told = capsys.readouterr()
        assert "Kiln" not in told.out + told.err
        assert User.objects.filter(username="qian").exists() == (status == 0)
    assert User.objects.get(username="qian").check_password("Kiln-7-slag-dust")


# ---- export ----


def test_an_export_is_described_and_never_mixed_with_other_files(
    park: Path, readings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(readings)]) == 0
    capsys.readouterr()
    out = tmp_path / "out"
    assert main(["export", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["folder"], told["files"]["reported.csv"], told["files"]["subjects.csv"]) == (str(out), 2, 2)
    assert told["files"]["readings-2025-03.parquet"] == 24
    assert set(told["files"]) <= {path.name for path in out.iterdir()}
    before = sorted(path.name for path in out.iterdir())
    assert main(["export", str(out)]) == 2
    assert "name a new folder" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == before


def test_an_export_as_of_a_time_needs_its_offset(
    park: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("2026-03-01T08:00", "soon"):
        assert main(["export", str(tmp_path / "out"), "--as-of", text]) == 2
        assert "write a time with its offset" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["export", str(tmp_path / "later"), "--as-of", "2099-01-01T00:00+08:00"]) == 0
    assert "reported.csv 2" in capsys.readouterr().out


# ---- trends ----


def test_a_trend_is_told_with_its_reasons(park: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("trend", "--subject", "E01", "--period", "2025-03", "--key", "raw_coal")
    assert main([*asked, "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)["figures"][0]["trend"]
    assert changes["previous"]["ratio"] == pytest.approx(0.25)  # 100 t after 80 t
    assert (changes["previous"]["period_before"], changes["previous"]["value_before"]) == ("2025-02", 80)
    assert (changes["year"]["ratio"], changes["year"]["period_before"]) == (None, "2024-03")
    assert "2024-03" in changes["year"]["reason"]["en"]
    assert main(list(asked)) == 0
    chinese = capsys.readouterr().out
    assert ("环比 +25.00%" in chinese, "同比 —（2024-03" in chinese) == (True, True)
    assert main([*asked, "--lang", "en"]) == 0
    assert "on the span before +25.00%" in capsys.readouterr().out
