"""The door that the web server opens: the front, and behind it the pages."""

import importlib

from xietong.web.server.front import Bounds, Front

# By name, because the pages can be imported only once Django is set up, which their module does itself.
application = Front(importlib.import_module("xietong.web.wsgi").application, Bounds())
