"""`adgen export`: the model in a form that other engines read."""

from pathlib import Path

import click

from adgen_pipeline.app import terminal


@click.command(epilog=terminal.example("adgen export model-onnx"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@terminal.data_option
@terminal.json_option
def export(folder: Path, data: Path | None, as_json: bool) -> None:
    """Write the model as ONNX, with its tokenizer, into DIR.

    In fp32; its logits are compared with the model's before it is kept. Needs the extra `onnx`. The model's licence
    goes along with it.
    """
    from adgen_pipeline.app.publishing import EXAMPLE
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.corpus.chat import messages
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.training import onnx_export

    model = Store(Settings.from_environment(data=data).data).artifact("training", "model").verify()
    texts = [turn["content"] for turn in messages(EXAMPLE, ())]
    with terminal.stdout_for_results():
        report = onnx_export.export(model.path, folder, probe_texts=[*texts, "\n".join(texts)])
    if as_json:
        terminal.emit_json({"folder": str(folder), "model": model.version, **report})
        return
    click.echo(
        f"{folder}: model {model.version}, {report['bytes']:,} bytes; logits differ by "
        f"{report['max_logit_difference']:.1e} at most."
    )
