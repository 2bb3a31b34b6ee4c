"""Errors whose message may be shown to a person as it stands.

Every error that a user can cause is one of these; each message is plain text that
says what was found, what was expected and what to do.

    LamaeError
    ├── ReadError            an ECG file that cannot be read
    │   └── AnswerNeeded     ... until someone says what the file leaves out
    ├── InputError           a request that does not fit: an unknown lead, code or setting
    ├── SignalError          an ECG that was read but is not fit for the model
    ├── WeightsError         weights that are missing, damaged or of another version
    ├── DataError            a data set folder that lacks what training needs
    └── DivergedError        a training run whose loss is no longer a number
"""


class LamaeError(Exception):
    """Base of every error meant for people."""


class ReadError(LamaeError):
    """A file cannot be read as an ECG."""


class AnswerNeeded(ReadError):
    """A file leaves out facts that are never guessed, such as a CSV's sampling rate.

    Attributes:
        fields: Names of the missing arguments of `lamae.io.read`: "fs" (Hz), "unit".
    """

    def __init__(self, message: str, fields: tuple[str, ...]) -> None:
        super().__init__(message)
        self.fields = fields


class InputError(LamaeError):
    """A request names something that does not exist or lies outside its range."""


class SignalError(LamaeError):
    """An ECG is readable but not fit to be given to the model."""


class WeightsError(LamaeError):
    """Model weights are missing, damaged or made by another version."""


class DataError(LamaeError):
    """A data set folder lacks what training or evaluation needs."""


class DivergedError(LamaeError):
    """The loss of a training run, or its gradient, became infinite or not a number."""
