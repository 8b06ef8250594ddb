"""The WSGI door that the web server opens; behind it the park's cockpit is made ready."""

import importlib
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xietong.settings")
application = get_wsgi_application()

# By name, because models can be imported only once Django is set up, which the line above does.
importlib.import_module("xietong.web.warming").start()
