"""`python -m xietong.intake` is the listener's process."""

import sys

from xietong.intake.hj212.process import main

sys.exit(main())
