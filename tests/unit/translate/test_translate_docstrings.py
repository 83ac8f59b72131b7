"""Docstrings of nodes as Dagster's Markdown shows them."""

import inspect

import pytest

from kedro_dagster_component.translate.docstrings import docstring_markdown

GOOGLE = """Stop the run when there are gaps.

    Two lines of
    text.

    Args:
        flights: Joined flights, which may be
            many.
        limits (dict): `min_rows` and more.
        *others: The rest.

    Returns:
        One table, in
        any order.

    Raises:
        ValueError: A limit is broken.

    Example:
        >>> check(flights, limits)

    After all."""
NUMPY = """Fit a model.

    Parameters
    ----------
    data : pandas.DataFrame
        Rows to fit.
    alpha : float

    Returns
    -------
    Model
        Fitted.
    """
SPHINX = """Fit a model.

    :param data: Rows to fit,
        all of them.
    :returns: A model.
    """


def test_sections_of_google():
    assert docstring_markdown(GOOGLE) == inspect.cleandoc("""
        Stop the run when there are gaps.

        Two lines of
        text.

        **Args**

        - `flights`: Joined flights, which may be many.
        - `limits` (dict): `min_rows` and more.
        - `*others`: The rest.

        **Returns**

        One table, in
        any order.

        **Raises**

        - `ValueError`: A limit is broken.

        **Example**

        ```python
        >>> check(flights, limits)
        ```

        After all.""")


def test_sections_of_numpy():
    assert docstring_markdown(NUMPY) == inspect.cleandoc("""
        Fit a model.

        **Parameters**

        - `data`: pandas.DataFrame Rows to fit.
        - `alpha`: float

        **Returns**

        Model
            Fitted.""")


def test_fields_of_sphinx():
    assert docstring_markdown(SPHINX) == inspect.cleandoc("""
        Fit a model.

        - `data`: Rows to fit, all of them.
        - returns: A model.""")


@pytest.mark.parametrize("text", ["", "One line.", "Args: none", "A list:\n\n- a\n- b", "Args:", "Notes\nof mine"])
def test_text_without_sections_stays(text):
    assert docstring_markdown(text) == text


def test_an_empty_section_is_left_out():
    assert docstring_markdown("Do it.\n\nArgs:\n    \n") == "Do it."
    assert docstring_markdown("Do it.\n\nReturns\n-------\n") == "Do it."
