"""A small park in a data folder of its own, for what is fuzzed through the doors that know the registry."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from xietong.park.actions import make_api_key
from xietong.park.bringing.receiving import Reception
from xietong.park.founding import found

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = {
    "park.toml": '[park]\ncode = "YL"\nname = "园区"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,parent,discharges_to\nYL,park,园区,,\nE01,enterprise,甲厂,YL,\n"
    "E02,enterprise,乙厂,YL,\nE01-W1,outlet,废水口,E01,environment\n",
    "points.csv": "code,subject,quantity,item,unit,shape,interval_s\n"
    "M1,E01,energy,electricity_purchased,kWh,amount,900\nM2,E01-W1,concentration,cod,mg/L,mean,3600\n"
    "M3,E02,energy,electricity_purchased,kWh,counter,3600\n",
    "reported.csv": "subject,period,item,amount,unit,use,opening,closing,counterparty\nE01,2025-01,coke,1200,t,,,,\n"
    "E01,2025-02,coke,1100,t,,,,\nE01,2025-02,raw_coal,50,t,fuel,20,30,\nE02,2025,cod,<0.025,t,,,,\n",
    "accounts.csv": "utility,account,subject,since,until\nelectricity,0610001,E01,,\n"
    "electricity,0610002,E01,,2025-04-01\n"
    "electricity,0610003,E02,,\nwater,0610003,E01,,\n",
    "events.csv": "subject,kind,start,end,reason\nE01,stop,2025-02-01T08:00,2025-02-03T08:00,检修\n",
    "factors.csv": "key,value,unit,source,purpose,subject,valid_from,evidence\n"
    "coke,0.9714,tce/t,化验报告,coal_equivalent,E01,2025-01-01,coke.pdf\n",
    "targets.csv": "indicator,subject,year,target,basic,main\nclean_energy_share,YL,2025,30,20,false\n",
    "flows.csv": "from,to,material,amount,unit,period\nE01,outside:水泥厂,高炉渣,5200,t,2025-01\n",
    "measures.csv": "code,subject,kind,stage,name,status,start,capex\n"
    "C1,E01,节能,process,余热回收,done,2024-03-01,320.5\n",
}


class Park(NamedTuple):
    """The park's data folder, and the secret of a key for the points of E01."""

    data: Path
    secret: str


def founded(folder: Path) -> Park:
    """Found and load it where the settings point at that folder."""
    assert folder == settings.DATA
    found(folder)
    package = folder / "package"
    package.mkdir()
    for name, text in FILES.items():
        (package / name).write_text(text, encoding="utf-8")
    answer = Reception(folder, "clerk", NOON).package(package)
    assert answer.rejected == [], answer.rejected
    return Park(folder, make_api_key("scada-1", "E01", "cli", NOON))
