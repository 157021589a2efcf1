#!/usr/bin/env python3
"""Python's side of OnnxPeer: every NAME.onnx of a folder passes the checker and gives the outputs in NAME.safetensors, for one image and for all.

    onnx_peer.py FOLDER
"""

import glob
import sys

import onnx
import onnxruntime
from safetensors.numpy import load_file

LIMIT = 1e-4  # of a difference over the largest value
EXPONENTIAL_LIMIT = 1e-3  # the same where values are exponentials of a map (fcos_plain): an error of its largest value, of about 10, comes out relative


def part(tensor, size, batch):
    """The first images of an output; detections are not by image."""
    return tensor[:batch] if tensor.shape[0] == size else tensor


def difference(session, tensors, batch):
    size = tensors["images"].shape[0]
    names = [output.name for output in session.get_outputs()]
    results = session.run(names, {"images": tensors["images"][:batch]})
    if set(names) != set(tensors) - {"images"}:
        sys.exit(f"outputs {names}, not those of {sorted(tensors)}")
    worst = 0
    for name, result in zip(names, results):
        expected = part(tensors[name], size, batch)
        if result.shape != expected.shape:
            sys.exit(f"{name}: {result.shape}, not {expected.shape}")
        worst = max(worst, float(abs(result - expected).max() / max(abs(expected).max(), 1e-30)))
    return worst


def main():
    folder = sys.argv[1]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    failed = False
    for path in sorted(glob.glob(f"{folder}/*.onnx")):
        onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        tensors = load_file(path.removesuffix(".onnx") + ".safetensors")
        size = tensors["images"].shape[0]
        differences = [difference(session, tensors, batch) for batch in (1, size)]
        limit = EXPONENTIAL_LIMIT if path.rsplit("/", 1)[1].startswith("fcos_plain") else LIMIT
        good = max(differences) <= limit  # not so for a number that is none
        failed = failed or not good
        print(f"{'' if good else 'FAILED '}{path.rsplit('/', 1)[1]}: {differences[0]:.1e} for 1 image, {differences[1]:.1e} for {size}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
