"""Months 填报: the form, the workbook and what is owed and received of a month."""
