"""Evaluation 绩效评估: the year's comparison, grade, weak points and advice (clause 7)."""

from xietong.evaluation.evaluation import Evaluation, as_json, evaluate

__all__ = ["Evaluation", "as_json", "evaluate"]
