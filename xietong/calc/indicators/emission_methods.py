"""Emissions that nobody measured: material balances of sulfur and ash, coefficients, and what treatment removes.

Pure arithmetic of HJ 884 and the census method: what a fuel or an activity forms, less what treatment takes out. Which
method counts for an outlet, and in which order after measured data (环境保护税法 art. 10), is decided in accounting.
"""

from collections.abc import Iterable

from xietong.calc.engine.rules import (
    Factors,
    Items,
    Member,
    NotApplicableError,
    UnknownValueError,
    additive,
    family,
    indicator,
)
from xietong.calc.items import pollutants
from xietong.standard.thresholds import int_of
from xietong.texts import Text

# SO2 weighs twice the sulfur in it (64 ÷ 32).
SO2_PER_SULFUR = int_of("outlet.so2_per_sulfur")
# Weighed and metered amounts do not agree to the digit; beyond this share one of them is wrong.
NEARLY = 1e-9


def _require_share(part: float, whole: float, names: Text) -> None:
    """A run-time share above one means that the data contradict each other: the sentence says which."""
    if part > whole * (1 + NEARLY):
        raise UnknownValueError(
            Text(
                f"{names.zh}，治理运行率会超过 100 %；请核对。",
                f"{names.en}, so treatment would have run more than all the time; check the two.",
            )
        )


@indicator(clause="6.4.3d", unit="1", better="higher")
def operation_share_by_time(treatment_run_hours: float, production_run_hours: float) -> float:
    """治理设施实际运行率（按时间）: run time of treatment in the run time of production."""
    names = Text("治理设施运行时间大于生产运行时间", "treatment ran longer than production")
    _require_share(treatment_run_hours, production_run_hours, names)
    return treatment_run_hours / production_run_hours


@indicator(clause="6.4.3d", unit="1", better="higher")
def operation_share_by_electricity(treatment_electricity: float, treatment_electricity_normal: float) -> float:
    """治理设施实际运行率（按用电）: electricity of treatment in what it uses when it always runs."""
    names = Text("治理设施用电量大于正常运行应耗电量", "treatment used more power than it does when it always runs")
    _require_share(treatment_electricity, treatment_electricity_normal, names)
    return treatment_electricity / treatment_electricity_normal


@indicator(clause="6.4.3d", unit="1", better="higher")
def operation_share_by_reagent(treatment_reagent_used: float, treatment_reagent_normal: float) -> float:
    """治理设施实际运行率（按药剂）: reagent used in what treatment needs when it always runs."""
    names = Text("治理药剂用量大于正常运行应耗量", "more reagent was used than treatment needs when it always runs")
    _require_share(treatment_reagent_used, treatment_reagent_normal, names)
    return treatment_reagent_used / treatment_reagent_normal


@indicator(clause="6.4.3d", unit="1", better="higher")
def treatment_operation_share(
    operation_share_by_time: float = 1.0,
    operation_share_by_electricity: float = 1.0,
    operation_share_by_reagent: float = 1.0,
) -> float:
    """治理设施实际运行率: the lowest of what run time, electricity and reagents prove."""
    return min(operation_share_by_time, operation_share_by_electricity, operation_share_by_reagent)


@indicator(clause="6.4.3a", unit="t")
@additive
def so2_by_sulfur_balance(
    fuel_burnt: Items, sulfur_content: Factors, sulfur_conversion: Factors, removal_efficiency: Factors
) -> Items:
    """二氧化硫排放量（硫平衡）: SO2 of the sulfur in each fuel that treatment did not take out."""
    return {
        fuel: amount
        * sulfur_content[fuel]
        * SO2_PER_SULFUR
        * sulfur_conversion[fuel]
        * (1 - removal_efficiency.nearest(fuel, "so2"))
        for fuel, amount in fuel_burnt.items()
    }


@indicator(clause="6.4.3a", unit="t")
@additive
def particulate_by_ash_balance(
    fuel_burnt: Items,
    ash_content: Factors,
    fly_ash_share: Factors,
    fly_ash_combustible: Factors,
    removal_efficiency: Factors,
) -> Items:
    """颗粒物排放量（灰平衡）: fly ash of each fuel with what is unburnt in it, that treatment did not take out."""
    return {
        fuel: amount
        * ash_content[fuel]
        * fly_ash_share[fuel]
        / (1 - fly_ash_combustible[fuel])
        * (1 - removal_efficiency.nearest(fuel, "particulate"))
        for fuel, amount in fuel_burnt.items()
    }


@indicator(clause="6.4.3", unit="t")
@additive
def generated_by_coefficient(emission_activity: Items, emission_coefficient: Factors) -> Items:
    """污染物产生量（产污系数）: what an activity generates, by the coefficient of "pollutant/activity"."""
    return {each: amount * emission_coefficient[each] / 1000 for each, amount in emission_activity.items()}


@indicator(clause="6.4.3", unit="t")
def emission_by_coefficient(
    generated_by_coefficient: Items, removal_efficiency: Factors, treatment_operation_share: float = 0.0
) -> Items:
    """污染物排放量（产排污系数）: what is generated, less what treatment removes while it provably runs."""
    return {
        each: amount * (1 - removal_efficiency.nearest(each, each.partition("/")[0]) * treatment_operation_share)
        for each, amount in generated_by_coefficient.items()
    }


@indicator(clause="6.4.3a", unit="mg/m3")
def flow_weighted_concentration(sample_concentration: Items, sample_flow: Items) -> float:
    """流量加权平均浓度: mean of one outlet's samples, each weighted with its flow."""
    _require_one_outlet(sample_concentration)
    return sum(value * sample_flow[each] for each, value in sample_concentration.items()) / sum(
        sample_flow[each] for each in sample_concentration
    )


def _require_one_outlet(samples: Iterable[str]) -> None:
    """Samples are named OUTLET/SAMPLE; of several outlets there is no mean."""
    outlets = dict.fromkeys(each.partition("/")[0] for each in samples)
    if len(outlets) > 1:
        names = "、".join(outlets)
        raise NotApplicableError(
            Text(
                f"样品来自 {len(outlets)} 个排放口（{names}），它们的平均浓度不说明任何问题；请按排放口分别计算。",
                f"the samples are of {len(outlets)} outlets ({names.replace('、', ', ')}), whose mean says nothing; "
                "compute each outlet by itself.",
            )
        )


@indicator(clause="6.4.3d", unit="%", better="higher")
def measured_removal_rate(
    inlet_concentration: float, inlet_volume: float, treated_concentration: float, treated_volume: float
) -> float:
    """治理设施实测去除率: share of the pollutant load that treatment takes out, from both its ends."""
    _require_removal(treated_concentration * treated_volume, inlet_concentration * inlet_volume)
    inlet = inlet_concentration * inlet_volume
    return (inlet - treated_concentration * treated_volume) / inlet * 100


def _require_removal(left: float, entered: float) -> None:
    if left > entered * (1 + NEARLY) and entered > 0:
        raise UnknownValueError(
            Text(
                "治理设施出口的污染物多于进口，去除率为负；请核对进、出口的浓度和流量，二者可能写反。",
                "more pollutant left treatment than entered it, a removal below nothing; check both ends, "
                "they may be exchanged.",
            )
        )


def _members() -> Iterable[Member]:
    return [Member(each.item, each.name, "6.4.3d", "%") for each in pollutants()]


@family(
    key="{}_removal_rate",
    members=_members(),
    sources={"entered": "pollutant_entering_treatment:{}", "emission": "{}_emission"},
    better="higher",
)
def removal_rate_of(entered: float, emission: float) -> float:
    """{zh}去除率: share of {en} entering treatment that is not emitted."""
    _require_removal(emission, entered)
    return (entered - emission) / entered * 100
