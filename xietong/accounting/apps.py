"""The Django app of accounting: it keeps closed reports and nothing else."""

from django.apps import AppConfig


class AccountingConfig(AppConfig):
    """Figures and the reports that keep them."""

    name = "xietong.accounting"
    label = "accounting"
    verbose_name = "核算 Accounting"
