# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A space from a YAML file."""

from __future__ import annotations

from pathlib import Path

import yaml

from arsis.sweeps.space import Space, SpaceError


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """YAML in which a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if isinstance(name, str) and name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"found {name} twice, expected it once", key.start_mark
                )
            seen.add(name if isinstance(name, str) else id(key))
        found: dict[object, object] = super().construct_mapping(node, deep)
        return found


def read_space(path: Path) -> Space:
    """The space that a YAML file describes; relative paths in it begin at its folder. Raises SpaceError, OSError."""
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SpaceError(f"{path}{line}", getattr(error, "problem", None) or "is no YAML") from None
    except UnicodeDecodeError:
        raise SpaceError(str(path), "is no text in UTF-8") from None
    return Space(given, path.resolve().parent)
