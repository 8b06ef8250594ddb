"""Every address of the pages: the index of the web room."""

from django.urls import include, path

from xietong.web.api import months
from xietong.web.cockpit import page
from xietong.web.evidence import points_and_entries, uploads
from xietong.web.figures import balances, closed_reports, factors, figure, standards
from xietong.web.intake import device_lists, device_pages, orders, quality, received_pages, source_pages
from xietong.web.months import form_page, workbook_page
from xietong.web.server import signing_in
from xietong.web.shell import asked

asked.register()
urlpatterns = [
    path("", page.cockpit, name="cockpit"),
    path("live/", page.live, name="live"),
    path("quality/", quality.quality, name="quality"),
    path("balance/", balances.balance, name="balance"),
    path("one-total/", balances.one_total, name="one-total"),
    path("standards/<code:standard>/", standards.standard, name="standard"),
    path(
        "standards/<code:standard>/<code:subject>/<code:key>/<str:period>/",
        standards.standard_figure,
        name="standard-figure",
    ),
    # for those who run the intake
    path("devices/", device_lists.device_list, name="devices"),
    path("devices/<path:mn>/", device_pages.device, name="device"),
    path("sources/", source_pages.source_list, name="sources"),
    path("orders/propose/", orders.propose, name="order-propose"),
    path("orders/confirm/", orders.confirm, name="order-confirm"),
    path("received/", received_pages.received, name="received"),
    path("uploads/", uploads.uploads, name="uploads"),
    # what enterprises fill in
    path("months/", form_page.month_list, name="months"),
    path("months/<code:subject>/<str:period>/", form_page.month, name="month"),
    path("months/<code:subject>/<str:period>/workbook.xlsx", workbook_page.workbook, name="month-workbook"),
    # from a figure down to the bytes that a device sent
    path("figures/<code:subject>/<code:key>/<str:period>/", figure.figure, name="figure"),
    path("points/<code:code>/", points_and_entries.point, name="point"),
    path("points/<code:code>/<str:hour>/", points_and_entries.readings, name="readings"),
    path("entries/<str:journal>/<number:ordinal>/", points_and_entries.entry, name="entry"),
    # what was closed, and what it is computed with
    path("closed/", closed_reports.closed_list, name="closed-reports"),
    path("closed/<number:report>/", closed_reports.closed_report, name="closed-report"),
    path("closed/<number:report>/<code:key>/", closed_reports.closed_figure, name="closed-figure"),
    path("factors/", factors.factors, name="factors"),
    # what programs push
    path("api/", include((months.urls(), "api"))),
    # coming and going
    path("sign-in/", signing_in.sign_in, name="sign-in"),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("language/", signing_in.language, name="language"),
    path("healthz", signing_in.health, name="health"),
]

handler404 = signing_in.not_found
handler500 = signing_in.failed
