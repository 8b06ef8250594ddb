"""`python -m xietong.intake.opcua`."""

import sys

from xietong.intake.opcua.process import main

sys.exit(main())
