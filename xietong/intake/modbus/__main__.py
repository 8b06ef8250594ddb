"""`python -m xietong.intake.modbus`."""

import sys

from xietong.intake.modbus.process import main

sys.exit(main())
