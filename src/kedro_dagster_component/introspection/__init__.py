"""A Kedro project and an environment made into a `ProjectManifest`, always in a process of its own.

```
process     starts the subprocess, turns its answer into a manifest or an error       (no Kedro in this process)
__main__    the subprocess: worker ─▶ project (session) ─▶ reading (one walk) ─▶ answer
            └─ stored_keys: what one partitioned dataset has in storage, asked for by itself
            └─ conf, catalog, parameters, nodes, pipelines, jobs: one kind of thing each
            └─ plain, positions, job_factories: pure
```

Importing this module imports no Kedro.
"""

from kedro_dagster_component.introspection.process import introspect_project, list_stored_keys

__all__ = ["introspect_project", "list_stored_keys"]
