#include "tests/cli/tensor_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kChecksum = "deepmad_crc32";

// As docs/formats.md states it.
std::string Checksum(const TensorFile& file) {
  std::string text;
  for (const auto& [key, value] : file.metadata) {
    if (key != kChecksum) text += key + "\n" + value + "\n";
  }
  for (const auto& [name, tensor] : file.tensors) {
    std::string shape;
    for (const int64_t size : tensor.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
    text += name + "\n" + tensor.dtype + "\n[" + shape + "]\n" + tensor.bytes;
  }
  return fmt::format("{:08x}", crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace

TensorFile ReadTensorFile(const std::string& path) {
  const std::string content = base::ReadFile(path);
  uint64_t header_size = 0;
  std::memcpy(&header_size, content.data(), 8);
  TensorFile file;
  const Json header = Json::parse(content.substr(8, header_size));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      file.metadata = entry.get<std::map<std::string, std::string>>();
      continue;
    }
    const size_t begin = entry.at("data_offsets")[0], end = entry.at("data_offsets")[1];
    file.tensors[name] = {entry.at("dtype"), entry.at("shape"), content.substr(8 + header_size + begin, end - begin)};
  }
  return file;
}

bool ChecksumHolds(const TensorFile& file) {
  const auto checksum = file.metadata.find(kChecksum);
  return checksum != file.metadata.end() && checksum->second == Checksum(file);
}

void WriteTensorFile(const std::string& path, TensorFile file) {
  if (file.metadata.contains(kChecksum)) file.metadata[kChecksum] = Checksum(file);
  Json header = {{"__metadata__", file.metadata}};
  std::string data;
  for (const auto& [name, tensor] : file.tensors) {
    header[name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
    data += tensor.bytes;
  }
  const std::string json = header.dump();
  const uint64_t size = json.size();
  std::string start(8, '\0');
  std::memcpy(start.data(), &size, 8);
  std::ofstream(path, std::ios::binary) << start << json << data;
}

double LargestDifference(const std::string& a, const std::string& b) {
  const TensorFile one = ReadTensorFile(a), other = ReadTensorFile(b);
  EXPECT_EQ(one.tensors.size(), other.tensors.size());
  double largest = 0;
  for (const auto& [name, tensor] : one.tensors) {
    const std::string &x = tensor.bytes, &y = other.tensors.at(name).bytes;
    EXPECT_EQ(x.size(), y.size());
    if (tensor.dtype != "F64") continue;
    for (size_t i = 0; i + sizeof(double) <= x.size(); i += sizeof(double)) {
      double p = 0, q = 0;
      std::memcpy(&p, x.data() + i, sizeof p);
      std::memcpy(&q, y.data() + i, sizeof q);
      largest = std::max(largest, std::abs(p - q));
    }
  }
  return largest;
}

}  // namespace deepmad::cli
