"""Registered models: versions, aliases, stages, and models found by their names."""

import mlflow

from .models import CLASSES, REQUIREMENTS, ROWS, fitted
from .support import client, fresh_experiment, refused, same, unique


def logged(name="model", **more):
    with mlflow.start_run() as run:
        made = mlflow.sklearn.log_model(fitted(), name=name, pip_requirements=REQUIREMENTS, **more)
    return run.info.run_id, made


def registry():
    fresh_experiment()
    name = unique("registered")
    made = client.create_registered_model(name, tags={"team": "a"}, description="what it is")
    same((made.name, made.tags, made.description), (name, {"team": "a"}, "what it is"))
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model(name)
    run_id, model = logged()
    first = mlflow.register_model(model.model_uri, name, tags={"t": "1"})
    same((int(first.version), first.run_id, first.status, first.current_stage), (1, run_id, "READY", "None"))
    again = mlflow.register_model(model.model_uri, name)
    same(int(again.version), 2)
    _, third = logged(registered_model_name=name)
    same(int(third.registered_model_version), 3)
    client.update_registered_model(name, "other words")
    client.set_registered_model_tag(name, "k", "v")
    client.delete_registered_model_tag(name, "team")
    read = client.get_registered_model(name)
    same((read.description, read.tags, int(read.latest_versions[0].version)), ("other words", {"k": "v"}, 3))
    client.update_model_version(name, "1", "of a version")
    client.set_model_version_tag(name, "1", "k", "v")
    client.delete_model_version_tag(name, "1", "t")
    version = client.get_model_version(name, "1")
    same((version.description, version.tags.get("k"), version.tags.get("t")), ("of a version", "v", None))
    assert version.creation_timestamp <= version.last_updated_timestamp
    for missing in (lambda: client.get_registered_model(unique("no")), lambda: client.get_model_version(name, "99")):
        with refused("RESOURCE_DOES_NOT_EXIST"):
            missing()
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_registered_model("a/b")
    same(list(mlflow.pyfunc.load_model(f"models:/{name}/1").predict(ROWS)), list(CLASSES))
    same(list(mlflow.sklearn.load_model(f"models:/{name}/latest").predict(ROWS)), list(CLASSES))
    renamed = unique("renamed")
    client.rename_registered_model(name, renamed)
    same(client.get_model_version(renamed, "1").name, renamed)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(name)
    client.delete_model_version(renamed, "3")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(renamed, "3")
    client.delete_registered_model(renamed)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(renamed)


def aliases():
    fresh_experiment()
    name = unique("aliases")
    _, model = logged(registered_model_name=name)
    mlflow.register_model(model.model_uri, name)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(name, "other", 1)
    same(int(client.get_model_version_by_alias(name, "champion").version), 2)
    same(client.get_registered_model(name).aliases, {"champion": "2", "other": "1"})
    same(client.get_model_version(name, "2").aliases, ["champion"])
    same(list(mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(ROWS)), list(CLASSES))
    client.delete_registered_model_alias(name, "champion")
    client.delete_registered_model_alias(name, "champion")
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version_by_alias(name, "champion")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.set_registered_model_alias(name, "x", "99")
    for alias in ("latest", "v1", "a b"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.set_registered_model_alias(name, alias, "1")


def copies():
    fresh_experiment()
    name, other = unique("original"), unique("copy")
    logged(registered_model_name=name)
    copied = client.copy_model_version(f"models:/{name}/1", other)
    same((copied.name, int(copied.version)), (other, 1))
    same(list(mlflow.pyfunc.load_model(f"models:/{other}/1").predict(ROWS)), list(CLASSES))


def stages():
    """Deprecated, and still used."""
    fresh_experiment()
    name = unique("stages")
    _, model = logged(registered_model_name=name)
    mlflow.register_model(model.model_uri, name)
    same(client.transition_model_version_stage(name, "1", "Production").current_stage, "Production")
    client.transition_model_version_stage(name, "2", "production", archive_existing_versions=True)
    same(client.get_model_version(name, "1").current_stage, "Archived")
    latest = {one.current_stage: int(one.version) for one in client.get_latest_versions(name)}
    same(latest, {"Archived": 1, "Production": 2})
    same([int(one.version) for one in client.get_latest_versions(name, stages=["Production"])], [2])
    with refused("INVALID_PARAMETER_VALUE"):
        client.transition_model_version_stage(name, "1", "Moon")


def registry_search():
    fresh_experiment()
    part = unique("found")
    for number in range(5):
        client.create_registered_model(f"{part}-{number}", tags={"odd": str(number % 2)})
    query = {"filter_string": f"name LIKE '{part}%'", "order_by": ["name DESC"]}
    first = client.search_registered_models(max_results=3, **query)
    second = client.search_registered_models(max_results=3, page_token=first.token, **query)
    same([one.name for one in [*first, *second]], [f"{part}-{number}" for number in (4, 3, 2, 1, 0)])
    assert not second.token
    odd = client.search_registered_models(filter_string=f"name ILIKE '{part.upper()}%' AND tags.odd = '1'", order_by=["name ASC"])
    same([one.name for one in odd], [f"{part}-1", f"{part}-3"])
    run_id, model = logged()
    for number in (0, 0, 0, 1):
        client.create_model_version(f"{part}-{number}", model.model_uri, run_id, model_id=model.model_id, tags={"n": str(number)})
    versions = client.search_model_versions(f"name = '{part}-0'", order_by=["version_number ASC"], max_results=2)
    same([int(one.version) for one in versions], [1, 2])
    rest = client.search_model_versions(f"name = '{part}-0'", order_by=["version_number ASC"], max_results=2, page_token=versions.token)
    same([int(one.version) for one in rest], [3])
    same(len(client.search_model_versions(f"run_id = '{run_id}'")), 4)
    same([one.name for one in client.search_model_versions(f"run_id = '{run_id}' AND tags.n = '1'")], [f"{part}-1"])
    for refusal in (
        lambda: client.search_registered_models("colour = 'red'"),
        lambda: client.search_model_versions("version_number LIKE '1'"),
        lambda: client.search_registered_models(max_results=1001),
    ):
        with refused("INVALID_PARAMETER_VALUE"):
            refusal()


SECTIONS = [registry, aliases, copies, stages, registry_search]
