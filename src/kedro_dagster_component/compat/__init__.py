"""Every private attribute of Kedro or Dagster that this package touches, one named function each."""
