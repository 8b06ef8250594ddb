"""`python -m xietong.intake` is the listener's process."""

import sys

from xietong.intake.process import main

sys.exit(main())
