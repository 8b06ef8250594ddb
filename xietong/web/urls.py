"""Every address of the pages: the index of the web room."""

from django.urls import include, path

from xietong.web import (
    asked,
    balances,
    closed_reports,
    device_lists,
    device_pages,
    doors,
    figure_page,
    library,
    month_api,
    month_workbooks,
    months,
    orders,
    proofs,
    quality_page,
    received_pages,
    source_pages,
    standard_pages,
    uploads,
    views,
)

asked.register()
urlpatterns = [
    path("", views.cockpit, name="cockpit"),
    path("live/", views.live, name="live"),
    path("quality/", quality_page.quality, name="quality"),
    path("balance/", balances.balance, name="balance"),
    path("one-total/", balances.one_total, name="one-total"),
    path("standards/<code:standard>/", standard_pages.standard, name="standard"),
    path(
        "standards/<code:standard>/<code:subject>/<code:key>/<str:period>/",
        standard_pages.standard_figure,
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
    path("months/", months.month_list, name="months"),
    path("months/<code:subject>/<str:period>/", months.month, name="month"),
    path("months/<code:subject>/<str:period>/workbook.xlsx", month_workbooks.workbook, name="month-workbook"),
    # from a figure down to the bytes that a device sent
    path("figures/<code:subject>/<code:key>/<str:period>/", figure_page.figure, name="figure"),
    path("points/<code:code>/", proofs.point, name="point"),
    path("points/<code:code>/<str:hour>/", proofs.readings, name="readings"),
    path("entries/<str:journal>/<number:ordinal>/", proofs.entry, name="entry"),
    # what was closed, and what it is computed with
    path("closed/", closed_reports.closed_list, name="closed-reports"),
    path("closed/<number:report>/", closed_reports.closed_report, name="closed-report"),
    path("closed/<number:report>/<code:key>/", closed_reports.closed_figure, name="closed-figure"),
    path("factors/", library.factors, name="factors"),
    # what programs push
    path("api/", include((month_api.urls(), "api"))),
    # coming and going
    path("sign-in/", doors.sign_in, name="sign-in"),
    path("sign-out/", doors.sign_out, name="sign-out"),
    path("language/", doors.language, name="language"),
    path("healthz", doors.health, name="health"),
]

handler404 = doors.not_found
handler500 = doors.failed
