"""The paper's comparison on the same records, splits and budget, made by one command.

Reading order: `rows` (what is compared), `budget`, `run` (the command), `training` and `probe`
(how a row is made), `scores` and `table` (what is said of it).
"""
