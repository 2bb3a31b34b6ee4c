"""The paper's comparison on the same records, splits and budget, made by one command.

Reading order: `rows` (what is compared), `budget`, `run` (the command), `work` with
`pretraining` and `training` (how a row is made), `scores`, `results` and `table` (what is said
of it).
"""
