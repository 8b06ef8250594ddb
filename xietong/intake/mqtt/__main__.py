"""`python -m xietong.intake.mqtt`."""

import sys

from xietong.intake.mqtt.process import main

sys.exit(main())
