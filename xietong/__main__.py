"""`python -m xietong` is the console script."""

import sys

from xietong.cli import main

sys.exit(main())
