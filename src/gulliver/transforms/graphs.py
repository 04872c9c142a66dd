"""OpenVINO graphs made from GGUF files, and sublayers taken out of them. All of it runs in a process of its own."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.transforms.apart import run_apart

GRAPH = "openvino_model.xml"
_TOKENIZER = ("openvino_tokenizer", "openvino_detokenizer")
# How openvino-genai (2026.4) names the sums that end the two sublayers of a layer when it builds a graph from a GGUF.
_AFTER_ATTENTION = "model.layers.self_attn.add0.layer{}"
_AFTER_MLP = "model.layers.self_attn.add1.layer{}"


def without_sublayers(source: Path, target: Path, attention: Sequence[int], mlp: Sequence[int], what: str) -> None:
    """Write to the folder `target` the model of `source` (a GGUF or such a folder) without those sublayers.

    The residual stream passes by a sublayer that is taken out; its weights and its part of the cache go with it.

    Raises:
        ModelError: the graph has no such sublayers, or its process died.
    """
    arguments = {"source": str(source), "target": str(target), "attention": list(attention), "mlp": list(mlp)}
    run_apart("gulliver.transforms.graphs:_without_sublayers", what, **arguments)


def save_graph(source: Path, target: Path) -> None:
    """Build the graph of a GGUF and save it with its tokenizer in the folder `target`. Call it in a process of its own."""
    import openvino_genai

    target.mkdir(parents=True, exist_ok=True)
    # The engine saves beside the file it is given: give it a link in the folder.
    link = target / "link.gguf"
    link.unlink(missing_ok=True)
    link.symlink_to(source.resolve())
    openvino_genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
    link.unlink()


def _without_sublayers(source: str, target: str, attention: list[int], mlp: list[int]) -> None:
    import openvino

    made = Path(target)
    whole = Path(source)
    if whole.is_file():
        whole = made / "whole"
        save_graph(Path(source), whole)
    model = openvino.Core().read_model(whole / GRAPH)
    by_name = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    for name, layers in ((_AFTER_ATTENTION, attention), (_AFTER_MLP, mlp)):
        for layer in layers:
            _pass_by(model, by_name, name.format(layer))
    _drop_unused_state(model)
    model.validate_nodes_and_infer_types()
    openvino.save_model(model, made / GRAPH, compress_to_fp16=False)
    for name in _TOKENIZER:
        for ending in ("xml", "bin"):
            if (whole / f"{name}.{ending}").is_file():
                shutil.copyfile(whole / f"{name}.{ending}", made / f"{name}.{ending}")
    if whole.parent == made:
        shutil.rmtree(whole)


def _pass_by(model: Any, by_name: dict[str, Any], name: str) -> None:
    """Hand on the stream that came into a sublayer where the sum with its output was handed on."""
    node = by_name.get(name)
    if node is None or node.get_type_name() != "Add":
        raise ModelError(
            f"The graph has no sum {name}, so that sublayer cannot be left out; use openvino-genai 2026.4 and a llama or qwen2 model."
        )
    stream = node.input(0).get_source_output()
    for reader in list(node.output(0).get_target_inputs()):
        reader.replace_source_output(stream)


def _drop_unused_state(model: Any) -> None:
    """Take out the cache of attention that no longer reaches the result."""
    reached: set[str] = set()
    waiting = [result.input(0).get_source_output().get_node() for result in model.get_results()]
    while waiting:
        node = waiting.pop()
        if node.get_friendly_name() not in reached:
            reached.add(node.get_friendly_name())
            waiting += [each.get_source_output().get_node() for each in node.inputs()]
    kept = set()
    for sink in list(model.get_sinks()):
        if sink.input(0).get_source_output().get_node().get_friendly_name() in reached:
            kept.add(sink.get_variable_id())
        else:
            model.remove_sink(sink)
    for variable in list(model.get_variables()):
        if variable.info.variable_id not in kept:
            model.remove_variable(variable)
