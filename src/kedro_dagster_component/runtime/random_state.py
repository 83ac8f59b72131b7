"""Random numbers in forked steps: as in a process of their own that has imported the same modules.

A project that seeds a global generator when it is imported gets its own numbers in each step. All others would get the
numbers of their siblings, since a fork begins with its parent's state: they are seeded anew.
"""

from __future__ import annotations

import gc
import importlib.util
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from weakref import WeakSet

from kedro_dagster_component.compat.python import call_in_forks

_WORDS = 624
"""Of the state of a Mersenne twister, the generator behind the global functions of Python and of NumPy."""
_BLOCKS = 1_000
"""How many of these may be drawn while modules are imported: more than half a million numbers."""
_LARGEST_SEED_BITS = 64
"""Of numbers that people write; what the system gives NumPy instead has 128."""
_LARGEST_TORCH_SEED_BITS = 32
"""The same for torch, where the system's has 53."""


@dataclass(frozen=True)
class GlobalState:
    """The states of the global generators.

    Attributes:
        python: Of `random`.
        numpy: Of `numpy.random`, or of the twister in another process; None where it is not installed, or has another
            generator than its own.
    """

    python: Any
    numpy: Any

    @classmethod
    def now(cls) -> GlobalState:
        """Those of this process; NumPy is imported for it, as Kedro imports pandas for its catalog."""
        if importlib.util.find_spec("numpy") is None:
            return cls(random.getstate(), None)
        import numpy as np

        state = np.random.get_state(legacy=False)  # noqa: NPY002 - the one that projects seed
        return cls(random.getstate(), state if state["bit_generator"] == "MT19937" else None)


class RandomWatch:
    """Looks at generators while modules are imported, from its making on."""

    def __init__(self) -> None:
        """Note how things are before."""
        self._before = GlobalState.now()
        self._instances: WeakSet[random.Random] = WeakSet()
        self._seed = random.Random.seed
        random.Random.seed = self._noting_seed()  # type: ignore[method-assign]

    def fork_with_own_numbers(self) -> None:
        """Have each fork of this process begin as a new process would after the same imports, which end here."""
        random.Random.seed = self._seed  # type: ignore[method-assign]
        before, after = self._before, GlobalState.now()
        keeps_python = _python_is_seeded(before.python, after.python)
        keeps_numpy = before.numpy is None or after.numpy is None or _numpy_is_seeded(before.numpy, after.numpy)
        instances, generators = list(self._instances), _unseeded_generators()

        def begin() -> None:
            if keeps_python:  # Python itself seeds it in each fork
                random.setstate(after.python)
            if not keeps_numpy:
                sys.modules["numpy"].random.seed()
            for instance in instances:
                instance.seed()
            for generator in generators:
                _seed_anew(generator)
            _seed_torch()

        call_in_forks(begin)

    def _noting_seed(self) -> Callable[..., None]:
        """`random.Random.seed`, which its constructor calls too, that notes generators without a seed of the project's."""
        seed, instances = self._seed, self._instances

        @wraps(seed)
        def noted(generator: random.Random, a: Any = None, *args: Any, **options: Any) -> None:
            (instances.add if a is None else instances.discard)(generator)
            seed(generator, a, *args, **options)

        return noted


class _PythonTwister:
    def __init__(self, state: Any) -> None:
        self._generator = random.Random()  # noqa: S311 - no secret is made
        self._generator.setstate(state)

    def next_words(self) -> tuple[int, ...]:
        """The state after as many numbers as it has words."""
        self._generator.getrandbits(32 * _WORDS)
        return _python_words(self._generator.getstate())


class _NumpyTwister:
    def __init__(self, state: Any) -> None:
        import numpy as np

        self._generator = np.random.RandomState()
        self._generator.set_state(state)

    def next_words(self) -> tuple[int, ...]:
        """As that of Python."""
        self._generator.bytes(4 * _WORDS)
        return _numpy_words(self._generator.get_state(legacy=False))


def _python_is_seeded(before: Any, after: Any) -> bool:
    return _is_seeded(_python_words(before), _python_words(after), _PythonTwister(before))


def _numpy_is_seeded(before: Any, after: Any) -> bool:
    return _is_seeded(_numpy_words(before), _numpy_words(after), _NumpyTwister(before))


def _is_seeded(before: tuple[int, ...], after: tuple[int, ...], twister: _PythonTwister | _NumpyTwister) -> bool:
    """Whether a state has been set, and does not follow from an earlier one by drawing numbers."""
    return before != after and all(twister.next_words() != after for _ in range(_BLOCKS))


def _python_words(state: Any) -> tuple[int, ...]:
    words: tuple[int, ...] = state[1][:_WORDS]
    return words


def _numpy_words(state: Any) -> tuple[int, ...]:
    words: bytes = state["state"]["key"].tobytes()
    return tuple(words)


def _unseeded_generators() -> list[Any]:
    """NumPy's generators that the imported modules hold and made without a seed: `default_rng()`, `RandomState()`."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return []
    kinds = (numpy.random.Generator, numpy.random.RandomState)
    found = [one for one in gc.get_objects() if type(one) in kinds]
    return [one for one in found if _entropy_bits(one) > _LARGEST_SEED_BITS and not _has_got_a_state(one)]


def _seed_anew(generator: Any) -> None:
    state = type(_source(generator))().state
    if hasattr(generator, "set_state"):  # which forgets the second of a pair of normal numbers, too
        generator.set_state(state)
    else:
        _source(generator).state = state


def _source(generator: Any) -> Any:
    """The bit generator behind one; NumPy shows it of its newer ones alone."""
    return generator._bit_generator  # noqa: SLF001 - the same name in all of NumPy's


def _entropy_bits(generator: Any) -> int:
    """Of the seed it was made with; 0 where that is unknown, as behind `RandomState(1)`."""
    entropy = getattr(getattr(_source(generator), "seed_seq", None), "entropy", None)
    return entropy.bit_length() if isinstance(entropy, int) else 0


def _has_got_a_state(generator: Any) -> bool:
    """Whether a twister has been given a state of the project's after it was made, as by `RandomState.set_state`."""
    source = _source(generator)
    first = type(source)(source.seed_seq).state
    return first["bit_generator"] == "MT19937" and _numpy_is_seeded(first, source.state)


def _seed_torch() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.initial_seed().bit_length() > _LARGEST_TORCH_SEED_BITS:
        torch.seed()
