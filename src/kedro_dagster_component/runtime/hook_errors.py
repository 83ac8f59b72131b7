"""Errors that come out of Kedro hooks, with the name of the hook and the plugin: Kedro's own do not say."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any

from pluggy import PluginManager

from kedro_dagster_component.errors import KedroDagsterError


class HookError(KedroDagsterError):
    """A hook raised; the message says which one of which plugin, the cause is what it raised."""


@contextmanager
def hooks_named(manager: PluginManager) -> Iterator[None]:
    """Name the hook where one raises inside; every other error passes as it is.

    Raises:
        HookError: A hook raised.
    """
    try:
        yield
    except HookError:
        raise
    except Exception as error:
        hook = raising_hook(error, manager)
        if hook is None:
            raise
        raise HookError(f"The hook {hook} failed: {type(error).__name__}: {error}") from error


def raising_hook(error: BaseException, manager: PluginManager) -> str | None:
    """The hook an error came out of.

    Args:
        error: Caught.
        manager: Where the hook is registered.

    Returns:
        `module.Class.hook`, and the plugin where it is an installed one; None for an error of anything else.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    called = [index for index, frame in enumerate(frames) if _module_of_frame(frame).split(".")[0] == "pluggy"]
    if not called or called[-1] + 1 >= len(frames):
        return None
    frame = frames[called[-1] + 1]
    plugin = _plugin_of(frame, manager)
    if plugin is None:
        return f"{_module_of_frame(frame)}.{frame.f_code.co_name}"
    owner = plugin.__name__ if isinstance(plugin, ModuleType) else _class_name(plugin)
    distributions = {id(one): dist.project_name for one, dist in manager.list_plugin_distinfo()}
    suffix = f" of the plugin {distributions[id(plugin)]}" if id(plugin) in distributions else ""
    return f"{owner}.{frame.f_code.co_name}{suffix}"


def _plugin_of(frame: FrameType, manager: PluginManager) -> Any:
    """The registered object whose method a frame runs; None where it is none's."""
    for plugin in manager.get_plugins():
        method = getattr(plugin, frame.f_code.co_name, None)
        if getattr(method, "__code__", None) is frame.f_code:
            own = frame.f_locals.get(next(iter(frame.f_code.co_varnames), ""))
            if isinstance(plugin, ModuleType) or own is plugin or not hasattr(method, "__self__"):
                return plugin
    return None


def _class_name(plugin: Any) -> str:
    return f"{type(plugin).__module__}.{type(plugin).__qualname__}"


def _module_of_frame(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
