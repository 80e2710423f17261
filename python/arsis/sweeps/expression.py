# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Expressions of a space: arithmetic, comparisons and a few functions over parameters, read from text.

`matrix.rows * matrix.cols <= 1024 and precision in ("bf16", "fp16")`. The text is parsed by Python's own parser and
walked here: only the nodes below mean something, so that a space from someone else cannot run code.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from _arsis import InputError

LONGEST = 1000  # characters of one expression: nesting stays far below what Python's parser and this walk can take
LARGEST_EXPONENT = 64

Value = Any  # a number, a text, a truth, or a tuple of them: expressions have no types before they are computed
Lookup = Callable[[str], Value]


class ExpressionError(InputError):
    """An expression that cannot be read or computed. The message says which, and what was expected."""


def _power(base: Value, exponent: Value) -> Value:
    if abs(exponent) > LARGEST_EXPONENT:
        raise ExpressionError(f"exponent {exponent}, expected at most {LARGEST_EXPONENT}")
    return base**exponent


_BINARY: dict[type[ast.AST], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_UNARY: dict[type[ast.AST], Callable[[Value], Value]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_COMPARE: dict[type[ast.AST], Callable[[Value, Value], Value]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}
_EXPECTED = f"expected numbers, texts, parameters, + - * / // % **, comparisons, and, or, not, {', '.join(FUNCTIONS)}"


def _dotted(node: ast.AST) -> str | None:
    """`matrix.rows` as the parser sees it: the attribute `rows` of the name `matrix`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (head := _dotted(node.value)):
        return f"{head}.{node.attr}"
    return None


class Expression:
    """One expression; `names` are the parameters that it reads.

    >>> Expression("matrix.rows * 2 <= 64")({"matrix.rows": 16}.__getitem__)
    True
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        if len(self.text) > LONGEST:
            raise ExpressionError(f"an expression of {len(self.text)} characters, expected at most {LONGEST}")
        try:
            self._tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise ExpressionError(f"'{self.text}' is no expression; {_EXPECTED}") from error
        self.names = tuple(dict.fromkeys(self._check(self._tree)))

    def _check(self, node: ast.AST) -> Iterator[str]:
        if (name := _dotted(node)) is not None:
            yield name
            return
        children: Sequence[ast.AST] = []
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None):
                pass
            case ast.BinOp(op=op) if type(op) in _BINARY:
                children = [node.left, node.right]
            case ast.UnaryOp(op=op) if type(op) in _UNARY:
                children = [node.operand]
            case ast.BoolOp():
                children = node.values
            case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
                children = [node.left, *node.comparators]
            case ast.IfExp():
                children = [node.test, node.body, node.orelse]
            case ast.Tuple() | ast.List():
                children = node.elts
            case ast.Call(func=ast.Name(id=function), keywords=[]) if function in FUNCTIONS:
                children = node.args
            case _:
                raise ExpressionError(f"'{ast.unparse(node)}' in '{self.text}' is not allowed; {_EXPECTED}")
        for child in children:
            yield from self._check(child)

    def __call__(self, lookup: Lookup) -> Value:
        """The value where `lookup` gives that of a parameter. Raises ExpressionError."""
        try:
            return self._compute(self._tree, lookup)
        except (TypeError, ArithmeticError, ValueError) as error:
            raise ExpressionError(f"'{self.text}' cannot be computed: {error}") from error

    def excess(self, lookup: Lookup) -> float:
        """By how much a comparison is missed, relative to the larger side; 0 or less where it holds; else 0 or 1."""
        match self._tree:
            case ast.Compare(ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()]):
                left, right = self._compute(self._tree.left, lookup), self._compute(self._tree.comparators[0], lookup)
                if isinstance(left, int | float) and isinstance(right, int | float) and not self(lookup):
                    return max(abs(left - right) / max(abs(left), abs(right), 1e-300), 1e-9)
        return 0.0 if self(lookup) else 1.0

    def _compute(self, node: ast.AST, lookup: Lookup) -> Value:
        if (name := _dotted(node)) is not None:
            return lookup(name)
        match node:
            case ast.Constant():
                return node.value
            case ast.BinOp():
                left, right = self._number(node.left, lookup), self._number(node.right, lookup)
                return _BINARY[type(node.op)](left, right)
            case ast.UnaryOp():
                return _UNARY[type(node.op)](self._compute(node.operand, lookup))
            case ast.BoolOp():
                every = isinstance(node.op, ast.And)
                parts = (self._compute(value, lookup) for value in node.values)
                return all(parts) if every else any(parts)
            case ast.Compare():
                values = [self._compute(each, lookup) for each in (node.left, *node.comparators)]
                pairs = zip(values, node.ops, values[1:], strict=False)
                return all(_COMPARE[type(op)](left, right) for left, op, right in pairs)
            case ast.IfExp():
                return self._compute(node.body if self._compute(node.test, lookup) else node.orelse, lookup)
            case ast.Tuple() | ast.List():
                return tuple(self._compute(each, lookup) for each in node.elts)
            case ast.Call(func=ast.Name(id=function)):
                return FUNCTIONS[function](*(self._compute(each, lookup) for each in node.args))
        raise AssertionError(node)

    def _number(self, node: ast.AST, lookup: Lookup) -> float | int:
        value = self._compute(node, lookup)
        if not isinstance(value, int | float):
            raise ExpressionError(f"'{ast.unparse(node)}' in '{self.text}' is {value!r}, expected a number")
        return value
