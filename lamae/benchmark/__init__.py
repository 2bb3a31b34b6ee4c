"""The paper's comparison on the same records, splits and budget, made by one command.

Reading order: `methods`, `rows` and `differences` (what is compared), `budget`, `run` (the
command), `runner` with `pretraining` and `training` (how a row is made), `scores`, `results` and
`table` (the outcome).
"""
