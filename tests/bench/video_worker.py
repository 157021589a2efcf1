#!/usr/bin/env python3
"""The Python side of compare_video.py: video_worker.py av|decord ROOT sparse|dense. Answers lines "go" as bench_video does."""

import json
import sys
import time

import cv2
import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def numbers(count, sampling):
    if sampling == "sparse":
        length = count / 3
        return [int(k * length + length / 2) % count for k in range(3)]
    start = max(count - 57, 0) // 2
    return [(start + 8 * i) % count for i in range(8)]


def read_av(path, sampling):
    """As common loaders do: the frames in order until the last one wanted."""
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        wanted = numbers(stream.frames, sampling)
        most, found = max(wanted), {}
        for i, frame in enumerate(container.decode(stream)):
            if i in wanted:
                found[i] = frame.to_ndarray(format="rgb24")
            if i == most:
                break
    return [found[n] for n in wanted]


def read_decord(path, sampling):
    import decord

    reader = decord.VideoReader(path, num_threads=1)
    return list(reader.get_batch(numbers(len(reader), sampling)).asnumpy())


def prepare(frames):
    views = []
    for frame in frames:
        h, w = frame.shape[:2]
        k = 256 / min(h, w)
        size = (int(w * k + 0.5), int(h * k + 0.5))
        if size != (w, h):
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
        top, left = (frame.shape[0] - 224) // 2, (frame.shape[1] - 224) // 2
        crop = frame[top : top + 224, left : left + 224].astype(np.float32)
        views.append(((crop / 255 - MEAN) / STD).transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(views))


def main():
    kind, root, sampling = sys.argv[1:4]
    cv2.setNumThreads(1)
    read = {"av": read_av, "decord": read_decord}[kind]
    paths = [f"{root}/train/{line.rsplit(' ', 1)[0]}" for line in open(f"{root}/train_list_videos.txt", encoding="utf-8")]
    for _ in sys.stdin:
        start, total = time.perf_counter(), 0.0
        for path in paths:
            total += float(prepare(read(path, sampling)).mean())
        print(json.dumps({"videos": len(paths), "seconds": time.perf_counter() - start, "sum": total / len(paths)}), flush=True)


if __name__ == "__main__":
    main()
