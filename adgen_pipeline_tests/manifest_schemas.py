"""What a PyTorchJob, a compose file, an executor and a run launcher may look like, as far as deploy/ uses them.

Anything else is refused. Field names are those of kubeflow.org/v1 (training operator), of Kubernetes' core/v1, of the
Compose Specification, and of dagster-ray 0.4, dagster-celery and dagster-k8s 0.29.
"""

from typing import Any


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_NAME = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1}
_WHOLE = {"type": "integer", "minimum": 0}
_QUANTITY = {"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?([KMGT]i|m)?$"}, _WHOLE]}

_CONTAINER = _closed(
    {
        "name": {"const": "pytorch"},
        "image": {"type": "string", "pattern": r"^[^:\s]+(:\d+)?[^:\s]*:[\w.-]+$"},
        "command": _TEXTS,
        "env": {"type": "array", "items": _closed({"name": _TEXT, "value": {"type": "string"}}, "name", "value")},
        "resources": _closed(
            {"limits": {"type": "object", "additionalProperties": _QUANTITY, "minProperties": 1}}, "limits"
        ),
        "volumeMounts": {
            "type": "array",
            "items": _closed({"name": _NAME, "mountPath": {"type": "string", "pattern": "^/"}}, "name", "mountPath"),
        },
    },
    "name", "image", "command",
)  # fmt: skip
_VOLUME = _closed(
    {
        "name": _NAME,
        "persistentVolumeClaim": _closed({"claimName": _NAME}, "claimName"),
        "emptyDir": _closed({"medium": {"const": "Memory"}, "sizeLimit": _QUANTITY}),
    },
    "name",
)
_REPLICA = _closed(
    {
        "replicas": {"type": "integer", "minimum": 1},
        "restartPolicy": {"enum": ["Always", "OnFailure", "Never", "ExitCode"]},
        "template": _closed(
            {
                "spec": _closed(
                    {
                        "terminationGracePeriodSeconds": _WHOLE,
                        "containers": {"type": "array", "items": _CONTAINER, "minItems": 1},
                        "volumes": {"type": "array", "items": _VOLUME},
                    },
                    "containers",
                )
            },
            "spec",
        ),
    },
    "template",
)
PYTORCH_JOB = _closed(
    {
        "apiVersion": {"const": "kubeflow.org/v1"},
        "kind": {"const": "PyTorchJob"},
        "metadata": _closed({"name": _NAME, "namespace": _NAME}, "name"),
        "spec": _closed(
            {
                "runPolicy": _closed(
                    {
                        "cleanPodPolicy": {"enum": ["All", "Running", "None"]},
                        "backoffLimit": _WHOLE,
                        "activeDeadlineSeconds": _WHOLE,
                        "ttlSecondsAfterFinished": _WHOLE,
                        "suspend": {"type": "boolean"},
                    }
                ),
                "nprocPerNode": _TEXT,
                "pytorchReplicaSpecs": _closed({"Master": _REPLICA, "Worker": _REPLICA}, "Master"),
            },
            "pytorchReplicaSpecs",
        ),
    },
    "apiVersion", "kind", "metadata", "spec",
)  # fmt: skip

_SERVICE = _closed(
    {
        "image": {"type": "string", "pattern": r"^[a-z0-9./-]+:[\w.-]+$"},
        "build": _closed({"context": _TEXT, "dockerfile": _TEXT}, "context"),
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "environment": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
        "volumes": _TEXTS,
        "depends_on": {
            "type": "object",
            "additionalProperties": _closed(
                {
                    "condition": {
                        "enum": ["service_started", "service_healthy", "service_completed_successfully"]
                    }
                },
                "condition",
            ),
        },
        "entrypoint": _TEXTS,
        "command": _TEXTS,
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "healthcheck": _closed(
            {"test": _TEXTS, "interval": _TEXT, "timeout": _TEXT, "retries": _WHOLE, "start_period": _TEXT},
            "test",
        ),
    },
    "image",
)
COMPOSE = {
    "type": "object",
    "properties": {
        "name": _NAME,
        "services": {"type": "object", "additionalProperties": _SERVICE, "minProperties": 1},
        "volumes": {"type": "object", "additionalProperties": {"type": "object"}},
    },
    "patternProperties": {"^x-": {}},
    "required": ["services"],
    "additionalProperties": False,
}

_VARIABLE = _closed({"env": {"type": "string", "pattern": "^[A-Z][A-Z_]+$"}}, "env")
_NO_RETRIES = _closed({"disabled": _closed({})}, "disabled")
_RESOURCES = {"type": "object", "additionalProperties": _QUANTITY, "minProperties": 1}
_STEP = _closed(
    {
        "container_config": _closed(
            {"resources": _closed({"limits": _RESOURCES, "requests": _RESOURCES})}, "resources"
        )
    },
    "container_config",
)
_CLUSTER: dict[str, Any] = {
    "job_namespace": _NAME,
    "service_account_name": _NAME,
    "image_pull_policy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "env_vars": _TEXTS,
}
EXECUTORS = {
    "ray": _closed(
        {
            "ray": _closed({"address": _VARIABLE, "num_cpus": _WHOLE, "env_vars": _TEXTS}, "address"),
            "retries": _NO_RETRIES,
        },
        "ray",
    ),
    "celery": _closed(
        {
            "broker": _VARIABLE,
            "backend": _VARIABLE,
            "config_source": _closed(
                {"worker_prefetch_multiplier": _WHOLE, "task_acks_late": {"type": "boolean"}}
            ),
            "retries": _NO_RETRIES,
        },
        "broker", "backend",
    ),
    "kubernetes": _closed(
        {
            **_CLUSTER,
            "max_concurrent": _WHOLE,
            "step_k8s_config": _STEP,
            "per_step_k8s_config": {"type": "object", "additionalProperties": _STEP},
            "retries": _NO_RETRIES,
        }
    ),
}  # fmt: skip
RUN_LAUNCHERS = {
    "celery": _closed(
        {
            "module": {"const": "dagster_celery.launcher"},
            "class": {"const": "CeleryRunLauncher"},
            "config": _closed(
                {"broker": _VARIABLE, "backend": _VARIABLE, "default_queue": _TEXT}, "default_queue"
            ),
        },
        "module", "class", "config",
    ),
    "kubernetes": _closed(
        {
            "module": {"const": "dagster_k8s"},
            "class": {"const": "K8sRunLauncher"},
            "config": _closed(
                {
                    **_CLUSTER,
                    "instance_config_map": _NAME,
                    "job_image": _TEXT,
                    "env_secrets": {"type": "array", "items": _NAME},
                    "volumes": {"type": "array", "items": _VOLUME},
                    "volume_mounts": {
                        "type": "array",
                        "items": _closed({"name": _NAME, "mountPath": _TEXT}, "name", "mountPath"),
                    },
                },
                "instance_config_map", "job_image",
            ),
        },
        "module", "class", "config",
    ),
}  # fmt: skip
