#include "models/formats/safetensors_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>

#include "base/error.h"
#include "models/formats/little_endian.h"

namespace deepmad::models {

constexpr size_t kPart = 1 << 22;  // bytes looked at before they are released

std::string SafetensorsChecksum(const SafetensorsHeader& header, const std::function<void(size_t i, base::Crc32& crc)>& add_values) {
  base::Crc32 crc;
  for (const auto& [key, value] : header.metadata) {
    if (key != kChecksumKey) crc.Add(key + "\n" + value + "\n");
  }
  std::map<std::string_view, size_t> by_name;
  for (size_t i = 0; i < header.entries.size(); ++i) by_name[header.entries[i].name] = i;
  for (const auto& [name, i] : by_name) {
    crc.Add(fmt::format("{}\n{}\n[{}]\n", name, header.entries[i].dtype, fmt::join(header.entries[i].shape, ", ")));
    add_values(i, crc);
  }
  return crc.Hex();
}

std::string_view SafetensorsHeaderText(std::string_view bytes, const std::string& where) {
  if (bytes.size() < 8) throw base::FailedError("the file is too short for safetensors", where);
  const uint64_t size = LittleEndian(bytes, 0, 8);
  if (size > kMaxSafetensorsHeader || size > bytes.size() - 8) {
    throw base::FailedError("the file gives its header " + std::to_string(size) + " bytes", where,
                            "is it a whole file of weights, safetensors or of torch.save?");
  }
  return bytes.substr(8, size);
}

StoredWeights ReadSafetensorsBytes(std::string_view bytes, const std::string& where, const std::function<void(std::string_view)>& release) {
  const std::string_view json = SafetensorsHeaderText(bytes, where);
  const std::string_view data = bytes.substr(8 + json.size());
  const SafetensorsHeader header = ParseSafetensorsHeader(json, data.size(), where);
  StoredWeights weights{{}, header.metadata};
  weights.tensors.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) {
    StoredTensor tensor{entry.name, *ElementTypeNamed(entry.dtype), entry.shape, ContiguousStrides(entry.shape), {}};
    PlaceInStorage(tensor, 0, data.substr(entry.begin, entry.end - entry.begin), where);
    weights.tensors.push_back(std::move(tensor));
  }
  const auto checksum = header.metadata.find(kChecksumKey);
  if (checksum == header.metadata.end()) return weights;
  const std::string found = SafetensorsChecksum(header, [&](size_t i, base::Crc32& crc) {
    const std::string_view values = weights.tensors[i].bytes;
    for (size_t at = 0; at < values.size(); at += kPart) {
      crc.Add(values.substr(at, kPart));
      release(values.substr(at, kPart));
    }
  });
  if (found != checksum->second) {
    throw base::FailedError("the file is damaged, its checksum disagrees", where, "copy it again, or make it again");
  }
  return weights;
}

}  // namespace deepmad::models
