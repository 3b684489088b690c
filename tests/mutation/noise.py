"""Which of cosmic-ray's mutants are left out, and why.

Owns: the table of replacements that are tried, and the places that are passed over. May never: run anything.
Theory: a mutant is worth its time if it can be killed for a reason of its own. Of the replacements of a comparison
those are kept that any test kills which kills the others (Kaminski, Ammann and Offutt, "Improving logic-based
testing", 2013), and the negation; of an arithmetic operator its opposite. The rest would only raise the score.
"""

import ast

from cosmic_ray.work_item import MutationSpec

Position = tuple[int, int]
Span = tuple[Position, Position]

COMPARISONS = {
    "Lt": ("LtE", "NotEq", "GtE"),
    "LtE": ("Lt", "Eq", "Gt"),
    "Gt": ("GtE", "NotEq", "LtE"),
    "GtE": ("Gt", "Eq", "Lt"),
    "Eq": ("LtE", "GtE", "NotEq"),
    "NotEq": ("Lt", "Gt", "Eq"),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
ARITHMETIC = {
    "Add": "Sub",
    "Sub": "Add",
    "Mul": "FloorDiv",
    "FloorDiv": "Mul",
    "Div": "Mul",
    "Mod": "FloorDiv",
    "LShift": "RShift",
    "RShift": "LShift",
    "BitOr": "BitAnd",
    "BitAnd": "BitOr",
}
UNARY = {"Delete_USub", "Delete_Not"}  # the others are the same again (+x for -x), or a type error
NO_OPERATORS = {
    "core/NoOp": "changes nothing",
    "core/RemoveDecorator": "dataclasses that are none fail at once; without its cache a function is only slower",
}
# These say how a class is laid out in memory, or only warn: with another value everything goes on as before.
LAYOUT = {"gc", "frozen", "slots", "array_like", "strict"}


def why_not(spec: MutationSpec, places: "Places") -> str | None:
    """Why this mutant is left out; None if it is tried."""
    if spec.operator_name in NO_OPERATORS:
        return NO_OPERATORS[spec.operator_name]
    family, _, change = spec.operator_name.removeprefix("core/").partition("_")
    before, _, after = change.partition("_")
    if family == "ReplaceComparisonOperator" and after not in COMPARISONS[before]:
        return "a replacement that others stand for"
    if family == "ReplaceBinaryOperator" and ARITHMETIC.get(before) != after:
        return "a replacement that others stand for"
    if family == "ReplaceUnaryOperator" and change not in UNARY:
        return "a replacement that others stand for"
    span = spec.start_pos, spec.end_pos
    if family == "ReplaceBinaryOperator" and not places.is_calculated(span):
        return "no operator: a star of a signature or call, or a union of types"
    if family == "AddNot" and places.is_negated_otherwise(span):
        return "another operator makes the same mutant"
    return places.why_not(span)


class Places:
    """What lies where in a module."""

    def __init__(self, source: str) -> None:
        self._passed_over: list[tuple[Span, str]] = []
        self._operators: list[Span] = []
        self._plain_tests: set[Position] = set()
        for node in ast.walk(ast.parse(source)):
            self._look(node)

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            self._pass_over(node.annotation, "a type")
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            self._pass_over(node.returns, "a type")
        elif isinstance(node, ast.Assert):
            self._pass_over(node, "an invariant: it never fails, and changed it always does")
        elif isinstance(node, ast.keyword) and node.arg in LAYOUT:
            self._pass_over(node.value, "how a class is laid out in memory")
        elif isinstance(node, ast.BinOp) and not _is_type(node):
            self._operators.append((_end(node.left), _start(node.right)))
        elif isinstance(node, ast.If | ast.While | ast.IfExp) and _is_plain(node.test):
            self._plain_tests.add(_start(node.test))

    def _pass_over(self, node: ast.expr | ast.stmt, why: str) -> None:
        self._passed_over.append(((_start(node), _end(node)), why))

    def why_not(self, span: Span) -> str | None:
        """Why nothing is changed there."""
        return next((why for place, why in self._passed_over if _is_in(span, place)), None)

    def is_calculated(self, span: Span) -> bool:
        """Whether an arithmetic operator is there."""
        return any(_is_in(span, place) for place in self._operators)

    def is_negated_otherwise(self, span: Span) -> bool:
        """Whether a condition is one comparison or a `not`, which other operators turn round."""
        return span[0] in self._plain_tests


def _is_plain(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare):
        return len(test.ops) == 1 and not isinstance(test.ops[0], ast.In | ast.NotIn)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _is_type(node: ast.BinOp) -> bool:
    return isinstance(node.right, ast.Constant) and node.right.value is None


def _start(node: ast.expr | ast.stmt) -> Position:
    return node.lineno, node.col_offset


def _end(node: ast.expr | ast.stmt) -> Position:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


def _is_in(span: Span, place: Span) -> bool:
    return place[0] <= span[0] and span[1] <= place[1]
