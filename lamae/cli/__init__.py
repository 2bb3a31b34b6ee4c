"""The command line: arguments in `options`, one function a command in `analysis` and `training`.

Libraries are imported by the commands that need them, so that help is instant.
"""
