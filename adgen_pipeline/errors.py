"""Everything that the pipeline raises on purpose.

    AdgenError                     a user can act on it: the CLI prints it as one sentence
    ├── SettingsError              the environment names something that is not there
    ├── RecipeError                a recipe is wrong (all problems listed at once)
    ├── ExportError                a Telegram export, or the folder of them, cannot be read
    ├── DataError                  a table breaks a rule: no ads found, too few posts to split, a schema broken
    ├── ArtifactError              missing, changed since its digest, or of the wrong kind
    ├── TrainingError              not finite, out of memory, wrong world size, a job that failed
    ├── BriefError                 a campaign brief cannot be read or says too little to write an ad
    ├── EndpointError              a model behind an address refuses, is away, or costs more than the recipe allows
    ├── HubError                   a repository of a hub cannot be written or read, or must not be written
    ├── ObjectStoreError           an object store refuses, is away, lacks what it should hold, or changed meanwhile
    └── ResourceError              too little memory or disk, a port in use

A message has three parts: what was found, where, what to do.
"""


class AdgenError(Exception):
    """Base of all errors raised on purpose; catch it at a boundary (CLI, API, process entry) only."""


class SettingsError(AdgenError):
    """The environment names something that is not there or cannot be used."""


class RecipeError(AdgenError):
    """A recipe file is wrong; the message lists every problem."""


class ExportError(AdgenError):
    """A Telegram export, or the folder of them, cannot be read."""


class DataError(AdgenError):
    """A table breaks a rule."""


class ArtifactError(AdgenError):
    """An artifact is missing, changed since its digest was taken, or of the wrong kind."""


class TrainingError(AdgenError):
    """A training job cannot start or did not finish."""


class BriefError(AdgenError):
    """A campaign brief cannot be read or says too little to write an ad."""


class EndpointError(AdgenError):
    """A model behind an address refuses, is away, answers something else, or costs more than the recipe allows."""


class HubError(AdgenError):
    """A repository of a hub cannot be written or read, or must not be written."""


class ObjectStoreError(AdgenError):
    """An object store refuses, is away, lacks what it should hold, or was changed by another machine."""


class ResourceError(AdgenError):
    """Too little memory or disk, or a port in use."""
