"""Indicators of the monitoring itself, clauses 6.1.4 and 6.2.5: how much is automatic, how much arrived."""

from xietong.calc.engine.rules import indicator


@indicator(clause="6.2.5", unit="%", better="higher")
def automation_rate(key_points_automatic: float, key_points: float) -> float:
    """自动监测率: points at key sources that are monitored automatically."""
    return key_points_automatic / key_points * 100


@indicator(clause="6.1.4-1", unit="%", better="higher")
def data_completeness(values_received: float, values_due: float) -> float:
    """数据完整率: values received in the values due."""
    return values_received / values_due * 100
