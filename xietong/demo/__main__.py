"""`python -m xietong.demo NAME …`: the demo's own child processes, people, park, live, and a logger to play with.

`xietong demo` starts them, so that the parent that stays imports neither Django nor NumPy.
"""

import argparse
import importlib
import json
import os
import sys
from datetime import date
from pathlib import Path


def people(_given: argparse.Namespace) -> int:
    """Found the data folder of XIETONG_DATA and print {name: new password} as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xietong.settings")
    importlib.import_module("django").setup()
    print(json.dumps(importlib.import_module("xietong.demo.people").renew()))
    return 0


def park(given: argparse.Namespace) -> int:
    """Generate the park, its frames and the list of planted faults into a folder."""
    since = date.fromisoformat(given.live_since) if given.live_since else None
    importlib.import_module("xietong.demo.park").generate(given.folder, given.seed, given.year, since)
    return 0


def live(given: argparse.Namespace) -> int:
    """Send real-time frames until told to end."""
    importlib.import_module("xietong.demo.live").send(given.seed, given.year, given.host, given.port)
    return 0


def logger(given: argparse.Namespace) -> int:
    """Be a logger that was stopped for a while: send its last hours but some, and answer when asked for them."""
    first, _, last = given.without.partition("-")
    where, without = (given.host, given.port), (int(first), int(last))
    importlib.import_module("xietong.demo.logger").play(given.mn, given.codes.split(","), where, given.hours, without)
    return 0


def main() -> int:
    """Run one of them."""
    parser = argparse.ArgumentParser(prog="python -m xietong.demo")
    names = parser.add_subparsers(required=True)
    names.add_parser("people").set_defaults(run=people)
    for name, run in (("park", park), ("live", live)):
        own = names.add_parser(name)
        own.add_argument("--seed", type=int, required=True)
        own.add_argument("--year", type=int, required=True)
        own.set_defaults(run=run)
        if run is park:
            own.add_argument("--folder", type=Path, required=True)
            own.add_argument("--live-since", default="")
        else:
            own.add_argument("--host", default="127.0.0.1")
            own.add_argument("--port", type=int, required=True)
    stopped = names.add_parser("logger", help="a logger that was stopped for a while and remembers")
    stopped.add_argument("--mn", required=True)
    stopped.add_argument("--codes", default="a21026,a21002", help="factor codes, with commas")
    stopped.add_argument("--hours", type=int, default=72)
    stopped.add_argument("--without", default="30-54", metavar="FROM-TO", help="places of the hours that are not sent")
    stopped.add_argument("--host", default="127.0.0.1")
    stopped.add_argument("--port", type=int, required=True)
    stopped.set_defaults(run=logger)
    given = parser.parse_args()
    return int(given.run(given))


if __name__ == "__main__":
    sys.exit(main())
