// Two run folders that must tell of the same run.
#pragma once

#include <string>

namespace deepmad::cli {

// Everything but what a clock decides is the same to the bit: weights, checkpoints, curves, configuration; log.jsonl, metrics.csv,
// summary.json and the checkpoints' state without "*_seconds" and "*_per_second"; TensorBoard's scalars without their wall time and without
// rates. report.html must be there: it shows rates. No file is in one folder only.
void ExpectSameRun(const std::string& a, const std::string& b);

// What is in the folder and below it and should not be: files that never got their final name.
void ExpectNothingHalfWritten(const std::string& folder);

// Every file of the folder that is there is whole: safetensors by their checksum, JSON, and the lines of the logs, parse to the end.
void ExpectEveryFileWhole(const std::string& folder);

// A JSON document without what a clock decides, as text.
std::string WithoutClock(const std::string& json_line);

}  // namespace deepmad::cli
