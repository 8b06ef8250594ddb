"""The Django app of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages, charts and their words; no models of its own."""

    name = "xietong.web"
    label = "web"
