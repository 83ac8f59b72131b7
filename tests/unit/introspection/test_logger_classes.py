import pytest

from kedro_dagster_component.introspection.logger_classes import import_mistake


@pytest.mark.parametrize(
    "name",
    ["logging.StreamHandler", "logging.handlers.RotatingFileHandler", "xml.dom.minidom.parse"],
)
def test_what_can_be_imported(name):
    assert import_mistake(name) is None


def test_a_value_need_not_be_called():
    assert import_mistake("sys.stdout", is_called=False) is None


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("logging.StreemHandler", "the module 'logging' has no 'StreemHandler'", "did you mean 'StreamHandler'"),
        ("logging.StreamHandler.emitt", "the class 'logging.StreamHandler' has no 'emitt'", "did you mean 'emit'"),
        ("StreamHandler", "'StreamHandler' is no import path: it needs the name of its module", "write 'logging.StreamHandler'"),
        ("dict", "'dict' is no import path: it needs the name of its module", "for example 'logging.StreamHandler'"),
        ("Handle", "'Handle' is no import path: it needs the name of its module", "for example 'logging.StreamHandler'"),
        ("loging.StreamHandler", "cannot import 'loging.StreamHandler': there is no module 'loging'", "did you mean 'logging'?"),
        ("not_installed_.x.Y", "cannot import 'not_installed_.x.Y': there is no module 'not_installed_'", "install it in"),
        ("logging.raiseExceptions", "'logging.raiseExceptions' is nothing that can be called", None),
        ("logging.nothing_at_all_like_it.X", "the module 'logging' has no 'nothing_at_all_like_it'", None),
        ("logging.", "'logging.' is no import path", None),
        (".x", "'.x' is no import path", None),
    ],
)  # fmt: skip
def test_what_cannot(name, message, hint):
    mistake = import_mistake(name)
    assert mistake is not None
    assert mistake[0].startswith(message)
    assert (mistake[1] or "").startswith(hint or "")


def test_a_module_that_fails(tmp_path, monkeypatch):
    (tmp_path / "broken_one.py").write_text("import not_there_either\n", encoding="utf-8")
    (tmp_path / "broken_two").mkdir()
    (tmp_path / "broken_two" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "broken_two" / "part.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert import_mistake("broken_one.X")[0] == "cannot import 'broken_one.X': there is no module 'not_there_either'"
    assert import_mistake("broken_two.part.X")[0].startswith("cannot import 'broken_two.part': ZeroDivisionError")
