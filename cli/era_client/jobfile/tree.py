"""YAML as nodes that know where they stand; what is wrong is collected, so that all of it can be told at once."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from era_client.errors import Fault

T = TypeVar("T")
LONGEST_SHOWN = 60
KINDS = {ScalarNode: "a single value", SequenceNode: "a list", MappingNode: "a group of keys"}


@dataclass
class Faults:
    """What was found wrong so far. `options` are nodes that came from the command line: they have no place."""

    found: list[Fault] = field(default_factory=list)

    def add(self, node: Node, name: str, detail: str) -> None:
        mark = node.start_mark
        if mark is None:
            self.found.append(Fault(0, 0, name, f"--{name}: {detail}"))
        else:
            self.found.append(Fault(mark.line + 1, mark.column + 1, name, f"{name}: {detail}" if name else detail))

    def in_order(self) -> list[Fault]:
        return sorted(self.found, key=lambda fault: (fault.line, fault.column))

    def attempt(self, node: Node, name: str, read: Callable[[], T]) -> T | None:
        """What `read` gives; its ValueError is noted."""
        try:
            return read()
        except ValueError as error:
            self.add(node, name, str(error))
            return None


def compose(text: str, faults: Faults) -> MappingNode | None:
    """The document's top, if it is a group of keys. What is no YAML is a fault with its place."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        faults.found.append(Fault(*place, "", f"this is not YAML: {error.problem or error.context}"))
        return None
    except yaml.YAMLError as error:
        faults.found.append(Fault(1, 1, "", f"this is not YAML: {error}"))
        return None
    if node is None:
        faults.found.append(Fault(1, 1, "", "the file is empty"))
    elif isinstance(node, MappingNode):
        return node
    else:
        faults.add(node, "", f"a job file is a group of keys such as `pool: local`, not {kind_of(node)}")
    return None


def entries(node: MappingNode, known: Iterable[str] | None, faults: Faults, prefix: str = "") -> dict[str, Node]:
    """The keys of `node` and what stands at them; unknown and doubled keys are faults."""
    found: dict[str, Node] = {}
    for key, value in _pairs(node, faults):
        name = key.value
        if known is not None and name not in known:
            faults.add(key, prefix, f"there is no {name!r:.60}{did_you_mean(name, known)}")
        elif name in found:
            faults.add(key, prefix, f"{name!r:.60} is there twice")
        else:
            found[name] = value
    return found


def _pairs(node: MappingNode, faults: Faults) -> Iterator[tuple[ScalarNode, Node]]:
    for key, value in node.value:
        if isinstance(key, ScalarNode):
            yield key, value
        else:
            faults.add(key, "", "a key must be a single word")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f": did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(known))}"


def kind_of(node: Node) -> str:
    if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return "nothing"
    return KINDS.get(type(node), "that")


def shown(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        return kind_of(node)
    text = str(node.value)
    return repr(text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…")


def text_of(node: Node) -> str:
    """The text as it stands there, whatever YAML takes it for. Raises ValueError for lists, groups and nothing."""
    if not isinstance(node, ScalarNode) or kind_of(node) == "nothing":
        raise ValueError(f"must be a single value, not {kind_of(node)}")
    return str(node.value)


def items_of(node: Node) -> list[Node]:
    if not isinstance(node, SequenceNode):
        raise ValueError(f"must be a list, not {shown(node)}")
    return list(node.value)


def option(value: Any) -> Node:
    """What the command line said, as if it stood in the file."""
    if isinstance(value, list | tuple):
        return SequenceNode("tag:yaml.org,2002:seq", [option(one) for one in value])
    if isinstance(value, dict):
        pairs = [(option(name), option(one)) for name, one in value.items()]
        return MappingNode("tag:yaml.org,2002:map", pairs)
    return ScalarNode("tag:yaml.org,2002:str", str(value))
