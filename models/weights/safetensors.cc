#include "models/weights/safetensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"

namespace deepmad::models {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

constexpr std::array<std::pair<at::ScalarType, const char*>, 10> kTypes = {{{at::kDouble, "F64"},
                                                                            {at::kFloat, "F32"},
                                                                            {at::kHalf, "F16"},
                                                                            {at::kBFloat16, "BF16"},
                                                                            {at::kLong, "I64"},
                                                                            {at::kInt, "I32"},
                                                                            {at::kShort, "I16"},
                                                                            {at::kChar, "I8"},
                                                                            {at::kByte, "U8"},
                                                                            {at::kBool, "BOOL"}}};

std::string DtypeName(const at::Tensor& tensor, const std::string& name) {
  for (const auto& [type, dtype] : kTypes) {
    if (type == tensor.scalar_type()) return dtype;
  }
  throw base::FailedError("tensor '" + name + "' has a type that safetensors files do not hold");
}

at::ScalarType TypeOf(const std::string& dtype) {
  return std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& entry) { return dtype == entry.second; })->first;
}

// The places of the data, largest elements first.
std::vector<size_t> DataOrder(const NamedTensors& tensors) {
  std::vector<size_t> order(tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return tensors[a].second.element_size() > tensors[b].second.element_size(); });
  return order;
}

// `data` as the entries, contiguous and on the CPU.
std::string Checksum(const SafetensorsHeader& header, const std::vector<at::Tensor>& data) {
  return SafetensorsChecksum(header, [&](size_t i, base::Crc32& crc) { crc.Add(data[i].const_data_ptr(), data[i].nbytes()); });
}

}  // namespace

void WriteSafetensors(const std::string& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  SafetensorsHeader header;
  header.metadata = metadata;
  std::set<std::string> names;
  std::vector<at::Tensor> data;
  for (const auto& [name, tensor] : tensors) {
    if (!names.insert(name).second) throw base::FailedError("two tensors are called '" + name + "'", path);
    header.entries.push_back({.name = name, .dtype = DtypeName(tensor, name), .shape = tensor.sizes().vec()});
    data.push_back(tensor.detach().cpu().contiguous());
  }
  const std::vector<size_t> order = DataOrder(tensors);
  uint64_t reached = 0;
  for (const size_t i : order) {
    header.entries[i].begin = reached;
    header.entries[i].end = reached += data[i].nbytes();
  }
  header.metadata[kChecksumKey] = Checksum(header, data);
  base::WriteFileAtomically(path, [&](const base::AppendBytes& append) {
    const std::string start = MakeSafetensorsHeader(header);
    append(start.data(), start.size());
    for (const size_t i : order) append(data[i].const_data_ptr(), data[i].nbytes());
  });
}

TensorFile ReadSafetensors(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw base::FailedError("there is no such file", path);
  std::ifstream file(path, std::ios::binary);
  const uint64_t file_size = std::filesystem::file_size(path, error);
  const auto read = [&](void* data, uint64_t size) {
    if (!file.read(static_cast<char*>(data), static_cast<std::streamsize>(size))) throw base::FailedError("cannot read the file", path);
  };
  if (error == std::errc::no_such_file_or_directory) throw base::FailedError("there is no such file", path);  // taken away meanwhile
  if (error || !file) throw base::FailedError("cannot open the file", path, "check its permissions");
  if (file_size < 8) throw base::FailedError("the file is too short for safetensors", path);

  uint64_t header_size = 0;
  read(&header_size, 8);
  if (header_size > kMaxSafetensorsHeader || header_size > file_size - 8) {
    throw base::FailedError("the file gives its header " + std::to_string(header_size) + " bytes", path, "is it a whole safetensors file?");
  }
  std::string json(header_size, '\0');
  read(json.data(), json.size());
  const SafetensorsHeader header = ParseSafetensorsHeader(json, file_size - 8 - header_size, path);

  TensorFile result{{}, header.metadata};
  std::vector<at::Tensor> data;
  for (const SafetensorsEntry& entry : header.entries) {
    const at::Tensor tensor = at::empty(entry.shape, TypeOf(entry.dtype));
    file.seekg(static_cast<std::streamoff>(8 + header_size + entry.begin));
    read(tensor.mutable_data_ptr(), entry.end - entry.begin);
    result.tensors.emplace_back(entry.name, tensor);
    data.push_back(tensor);
  }
  const auto checksum = header.metadata.find(kChecksumKey);
  if (checksum != header.metadata.end() && checksum->second != Checksum(header, data)) {
    throw base::FailedError("the file is damaged, its checksum disagrees", path, "copy it again, or make it again");
  }
  return result;
}

}  // namespace deepmad::models
