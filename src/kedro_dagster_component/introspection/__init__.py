"""A Kedro project and an environment made into a `ProjectManifest`, always in a process of its own.

```
process     starts the subprocess, turns its answer into a manifest or an error       (no Kedro in this process)
__main__    the subprocess: worker ─▶ project (session) ─▶ reading (one walk) ─▶ answer
            └─ stored_keys: what one partitioned dataset has in storage, asked for by itself
            └─ conf, catalog, parameters, nodes, pipelines, jobs: one kind of thing each
            └─ plain, positions, job_factories: pure

            └─ recording ─▶ footprint: what all of this depends on, told by digests
cached      the manifest of before while its footprint is unchanged (cache_files: where it lies), else `process`
```

Importing this module imports no Kedro.
"""

from kedro_dagster_component.introspection.cached import Cache, find_manifest, prepare_manifest
from kedro_dagster_component.introspection.process import introspect_project, list_stored_keys

__all__ = ["Cache", "find_manifest", "introspect_project", "list_stored_keys", "prepare_manifest"]
