from kedro_dagster_component.introspection.positions import top_level_lines


def test_keys_are_found_with_their_line(tmp_path):
    file = tmp_path / "catalog.yml"
    file.write_text("# comment\na:\n  type: x\n  load_args:\n    - sep: ','\n'{b}':\n  type: y\n", encoding="utf-8")
    assert top_level_lines(file) == {"a": 2, "{b}": 6}


def test_a_file_that_cannot_be_parsed_has_no_positions(tmp_path):
    file = tmp_path / "broken.yml"
    file.write_text("a: [", encoding="utf-8")
    assert top_level_lines(file) == {}
    assert top_level_lines(tmp_path / "missing.yml") == {}
