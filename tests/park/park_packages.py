"""A small package that the tests of the park write, whole or with a file changed."""

from collections.abc import Mapping
from pathlib import Path

FULL_WIDTH = "1234.5".translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
FILES: Mapping[str, str] = {
    "park.toml": """[park]
code = "YL"
name = "云岭工业园"
name_en = "Yunling Park"
region = "陕西"
timezone = "Asia/Shanghai"

[choices]
output_value = "gross"
price = "constant:2020"
""",
    "subjects.csv": """code,kind,name,name_en,parent,zone,sector,key_energy,since,until,discharges_to
YL,park,云岭工业园,Yunling Park,,,,,,,
E01,enterprise,青塬特钢,Qingyuan Steel,YL,东区,钢铁,true,2015-06-01,,
E01-W1,outlet,青塬特钢废水口,,E01,,,,,,W01
W01,enterprise,园区污水厂,,YL,东区,水处理,否,,,
W01-O1,outlet,污水厂总排口,,W01,,,,,,environment
""",
    "points.csv": """code,subject,quantity,item,unit,shape,interval_s,low,high,source,since,until,multiplier
M1,E01,energy,electricity_purchased,kWh,amount,900,0,5000,sheet,2018-01-01,,1
M2,W01-O1,concentration,cod,mg/L,mean,3600,0,500,hj212:YL0001/w01018/Avg,,,
""",
    "reported.csv": """subject,period,item,amount,unit,note
E01,2025-01,output_value,16500.50,万元,
E01,2025-01,coke,1200,t,焦炭
E01,2025-02,coke,FULL_WIDTH,t,
W01,2025,cod,<0.025,t,
W01,2025,nox,ND,t,
""".replace("FULL_WIDTH", FULL_WIDTH),
    "targets.csv": """indicator,subject,year,target,basic,main
energy_per_output_value,YL,2025,0.5,0.6,true
clean_energy_share,YL,2025,30,20,false
""",
    "limits.csv": """subject,item,kind,value,unit,averaging,since
W01-O1,cod,concentration,50,mg/L,day,
""",
    "expected.csv": "subject,item,frequency,due_day\nE01,coke,month,10\n",
    "events.csv": "subject,kind,start,end,reason\nE01,stop,2025-02-01T08:00,2025-02-03T08:00,检修\n",
    "key_lists.csv": "subject,list,year,reason\nE01,重点用能单位,2025,≥10000 tce\n",
    "measures.csv": "code,subject,kind,stage,name,status,start,capex\n"
    "C1,E01,节能,process,余热回收,done,2024-03-01,320.5\n",
    "effects.csv": "measure,item,amount,unit,stage\nC1,electricity_purchased,1500,MWh,verified\n",
    "factors.csv": "key,value,unit,source,purpose,subject,valid_from,evidence\n"
    "coke,0.9714,tce/t,化验报告 2025-03,coal_equivalent,E01,2025-01-01,coke-2025-03.pdf\n",
    "flows.csv": "from,to,material,amount,unit,period\nE01,outside:水泥厂,高炉渣,5200,t,2025-01\n",
    "documents.csv": "code,kind,title,version,effective\nD1,制度,协同管理制度,2.0,2025-01-01\n",
}


def write_package(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Write the package; changes replace a file, add one, or leave one out (None)."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str | bytes | None] = {**FILES, **(changes or {})}
    for name, content in files.items():
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
