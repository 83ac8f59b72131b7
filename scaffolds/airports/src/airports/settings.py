"""Project settings, see https://docs.kedro.org/en/stable/configure/configuration_basics/."""
