// A network as an ONNX file (https://onnx.ai): plain values, and the file of them. Free of torch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace deepmad::models {

constexpr int kOnnxOpset = 17;     // version of the operators; onnxruntime 1.12 and TensorRT 8.6 know it, and all that came later
constexpr int kOnnxIrVersion = 8;  // of the file format, that of opset 17
constexpr int64_t kAnyBatch = -1;  // in the dims of an input or output: any number of images
constexpr int64_t kAnyCount = -2;  // likewise of detections
// Of the weights together: a file holds less than 2^31 bytes, and the rest of it is names and shapes.
constexpr uint64_t kMaxOnnxWeightBytes = (uint64_t{1} << 31) - (uint64_t{1} << 26);

enum class OnnxType { kFloat, kInt8, kInt64 };

struct OnnxTensor {
  std::string name;
  OnnxType type = OnnxType::kFloat;
  std::vector<int64_t> dims;  // empty: a single value
  std::string bytes;          // row-major, little-endian
};

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, float, std::vector<int64_t>> value;
};

// One operation. Tensors and the results of other nodes are named.
struct OnnxNode {
  std::string op;  // "Conv"
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<OnnxAttribute> attributes;
};

// An input or output of the network.
struct OnnxValue {
  std::string name;
  std::vector<int64_t> dims;
  OnnxType type = OnnxType::kFloat;
};

struct OnnxModel {
  std::string name;
  std::map<std::string, std::string> metadata;
  std::vector<OnnxValue> inputs;
  std::vector<OnnxValue> outputs;
  std::vector<OnnxNode> nodes;  // each behind those whose results it takes
  std::vector<OnnxTensor> weights;
};

// Writes in one step (base/atomic_file.h); the same model gives the same bytes. Requires weights within kMaxOnnxWeightBytes. FailedError
// for what the disk says.
void WriteOnnx(const std::string& path, OnnxModel model);

}  // namespace deepmad::models
