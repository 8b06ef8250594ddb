"""Inputs 指标的输入: what the rules ask of a subject and period, each input a Figure with its working."""
