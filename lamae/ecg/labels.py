"""What a classifier is taught and what it suggests: one label set as a value."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lamae.errors import InputError


@dataclass(frozen=True)
class Span:
    """A chapter or a block of ICD-10-CM.

    Attributes:
        first: Its first category, three characters.
        last: Its last one.
        title: Its title.
    """

    first: str
    last: str
    title: str

    @property
    def codes(self) -> str:
        """The categories it spans."""
        return f"{self.first}–{self.last}"

    def holds(self, code: str) -> bool:
        """Whether a code lies in it."""
        return self.first <= code[:3] <= self.last


@dataclass(frozen=True)
class Code:
    """A code that an ECG may suggest.

    Attributes:
        name: The code, such as "I48.91".
        title: Its title.
        parents: Where it stands in its classification, the widest first: in ICD-10-CM its
            chapter and its block. Empty where unknown.
    """

    name: str
    title: str
    parents: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One statement about an ECG.

    Attributes:
        name: Its acronym.
        description: What it says.
        kind: "diagnostic", "form" or "rhythm".
        code: The code that it suggests; empty where there is none.
        confidence: How well the code fits the statement: "high", "medium" or "low".
        doubt: Why the code does not fit with high confidence; empty where it does.
    """

    name: str
    description: str
    kind: str
    code: str
    confidence: str
    doubt: str = ""


@dataclass(frozen=True)
class LabelSet:
    """Codes, and where there are any the statements that suggest them.

    A classifier has one output for each statement, and a code's score is the highest among its
    statements. Without statements it has one output for each code.

    Attributes:
        name: For people.
        codes: In the order of every array over codes.
        statements: In the order of every array over statements.

    Raises:
        InputError: A name is given twice, a statement suggests a code that is not in the set, or
            no statement suggests one of the codes.
    """

    name: str
    codes: tuple[Code, ...]
    statements: tuple[Statement, ...] = ()

    def __post_init__(self) -> None:
        codes, statements = self.code_names, self.statement_names
        if len(set(codes)) < len(codes) or len(set(statements)) < len(statements):
            raise InputError(f"The label set {self.name!r} has a name twice; give each once.")
        suggested = {statement.code for statement in self.statements if statement.code}
        odd = suggested ^ set(codes) if statements else set()
        if odd or not codes:
            raise InputError(
                f"The label set {self.name!r} has {', '.join(sorted(odd)) or 'no codes'} only in "
                "its codes or only in its statements; name every code in both."
            )

    @property
    def code_names(self) -> tuple[str, ...]:
        """The codes themselves."""
        return tuple(code.name for code in self.codes)

    @property
    def statement_names(self) -> tuple[str, ...]:
        """Acronyms of the statements."""
        return tuple(statement.name for statement in self.statements)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output of a classifier stands for: statements, else codes."""
        return self.statement_names or self.code_names

    def code(self, name: str) -> Code:
        """A code by its name.

        Raises:
            InputError: It is not in the set.
        """
        return self.codes[self.column(name)]

    def title(self, name: str) -> str:
        """Title of a code; empty where it is not in the set."""
        return next((code.title for code in self.codes if code.name == name), "")

    def column(self, name: str) -> int:
        """Position of a code in `codes`.

        Raises:
            InputError: It is not in the set.
        """
        if name not in self.code_names:
            raise InputError(
                f"The code {name!r} is not in the label set {self.name!r}; expected one of "
                f"{', '.join(self.code_names)}."
            )
        return self.code_names.index(name)

    def statements_of(self, code: str) -> tuple[Statement, ...]:
        """The statements that suggest a code; none in a set without statements.

        Raises:
            InputError: The code is not in the set.
        """
        name = self.code(code).name
        return tuple(statement for statement in self.statements if statement.code == name)

    def members(self, codes: Iterable[str] | None = None) -> tuple[tuple[int, ...], ...]:
        """For each code (all by default), the positions in `outputs` whose maximum is its score.

        Raises:
            InputError: A code is not in the set.
        """
        names = self.code_names if codes is None else tuple(codes)
        if not self.statements:
            return tuple((self.column(name),) for name in names)
        return tuple(
            tuple(self.statements.index(statement) for statement in self.statements_of(name))
            for name in names
        )

    def doubts(self, names: Iterable[str]) -> dict[str, str]:
        """Why some of these statements do not fit their code well, by statement."""
        wanted = set(names)
        return {
            statement.name: statement.doubt
            for statement in self.statements
            if statement.doubt and statement.name in wanted
        }

    def without_statements(self, name: str) -> "LabelSet":
        """The same codes under another name, learned directly."""
        return replace(self, name=name, statements=())
