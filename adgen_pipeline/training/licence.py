"""Under which licence a fine-tuned model stands: that of the base it was made from, with what it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from adgen_pipeline.errors import HubError

STATE_IT = (
    "Find out what it allows, then state it as the hub calls it: --licence apache-2.0, gemma, llama2, other …"
)


@dataclass(frozen=True)
class Licence:
    """A licence as a model card names it.

    Attributes:
        id: what the hub calls it.
        name: what people call it.
        notice: what must be carried along; empty if nothing is known.
        base_model: hub id of the base that stands under it; None where that is no model of the hub.
        name_begins_with: how the name of a model made from that base must begin.
    """

    id: str
    name: str
    notice: str = ""
    base_model: str | None = None
    name_begins_with: str = ""


def licence_of(base: str | None, *, stated: str | None = None) -> Licence:
    """The licence of what was made from a base model.

    Args:
        base: as a recipe names it; None where nobody wrote down which it was.
        stated: the licence's id on the hub, by whoever publishes; wins over what is known here.

    Raises:
        HubError: it is not known, and nobody stated it.
    """
    known = _known()
    embedded = {"embedded": known["hub"][known["embedded"]["same_as"]]}
    row: Mapping[str, Any] = {**known["hub"], **embedded}.get(base or "", {})
    hub_id = known["embedded"]["same_as"] if base == "embedded" else base if base in known["hub"] else None
    if stated is not None:
        of_id = {entry["id"]: (name, entry) for name, entry in known["licences"].items()}
        name, entry = of_id.get(stated, (stated, {}))
        return _licence(stated, name, entry, hub_id)
    if base is None:
        raise HubError(
            f"It is not written down which base model this one was made from, nor its licence. {STATE_IT}."
        )
    name = str(row.get("licence") or "")
    if name not in known["licences"]:
        told = f" (its card says: {name})" if name else ""
        raise HubError(f"The licence of the base model {base} is not known{told}. {STATE_IT}.")
    return _licence(known["licences"][name]["id"], name, known["licences"][name], hub_id)


def require_name(repo: str, licence: Licence) -> None:
    """Do nothing if a repository may be called so.

    Raises:
        HubError: the licence asks for another beginning of the name.
    """
    name = repo.rpartition("/")[2]
    if not name.lower().startswith(licence.name_begins_with.lower()):
        raise HubError(
            f"{repo}: the {licence.name} asks that the name of a model made from it begins with "
            f"“{licence.name_begins_with}”. Name the repository so."
        )


def _licence(licence_id: str, name: str, entry: Mapping[str, Any], base_model: str | None) -> Licence:
    return Licence(licence_id, name, entry.get("notice", ""), base_model, entry.get("name_begins_with", ""))


def _known() -> dict[str, Any]:
    text = files("adgen_pipeline.training").joinpath("base_models.yaml").read_text(encoding="utf-8")
    known: dict[str, Any] = yaml.safe_load(text)
    return known
