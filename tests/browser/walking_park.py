"""The small real park of the walks: its package, a day of its device's frames, and the browser that visits it."""

from datetime import UTC, datetime
from pathlib import Path

from xietong.protocols import hj212

PASSWORD = "a-long-enough-pass"
MN = "XTWALK000000000000000001"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MIDNIGHT = datetime(2025, 3, 13, 16, tzinfo=UTC)
FILES = {
    "park.toml": '[park]\ncode = "WALK"\nname = "步行园区"\nname_en = "Walking Park"\nregion = "陕西"\n'
    'timezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,name_en,parent,discharges_to\nWALK,park,步行园区,Walking Park,,\n"
    "E01,enterprise,青塬特钢,Qingyuan Steel,WALK,\nE01-G1,outlet,加热炉烟囱,Furnace stack,E01,environment\n",
    "points.csv": "code,subject,quantity,item,unit,shape,interval_s,low,high,source\n"
    f"G1-NOX,E01-G1,concentration,nox,mg/m3,mean,3600,0,2000,hj212:{MN}/a21002/Avg\n"
    f"G1-FLOW,E01-G1,volume,waste_gas,m3,amount,3600,0,1000000,hj212:{MN}/a00000/Cou\n",
    "targets.csv": "indicator,subject,year,target,basic,main\nenergy_per_output_value,WALK,2025,0.5,0.6,true\n"
    "carbon_emission_intensity,WALK,2025,0.1,0.6,true\n",
    "limits.csv": "subject,item,kind,value,unit,averaging\nE01-G1,nox,concentration,50,mg/m3,hour\n",
}
MONTHLY = (("output_value", "2000", "万元"), ("electricity_purchased", "1200", "MWh"), ("coke", "300", "t"))


def write_package(folder: Path) -> Path:
    """Write the package and give its folder."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    rows = [f"E01,2025-{month:02},{item},{n},{unit}" for month in range(1, 13) for item, n, unit in MONTHLY]
    (folder / "reported.csv").write_text("\n".join(["subject,period,item,amount,unit", *rows]) + "\n", "utf-8")
    return folder


def hour_frame(hour: int) -> bytes:
    """The device's hourly frame; nitrogen oxides rise from 40.5 by one an hour."""
    values = f"a00000-Cou=12000,a00000-Flag=N;a21002-Avg={40 + hour}.5,a21002-Flag=N"
    stamp = f"20250314{hour:02}0000"
    return hj212.frame(f"QN={stamp}500;ST=31;CN=2061;PW=walking;MN={MN};Flag=5;CP=&&DataTime={stamp};{values}&&")
