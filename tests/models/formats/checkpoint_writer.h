// Checkpoints by hand, byte by byte: for tests without Python, and as seeds of the fuzzers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace deepmad::models {

// A number in `count` bytes, least significant first.
inline std::string Bytes(uint64_t value, size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(i < 8 ? value >> (8 * i) : 0));
  return bytes;
}

// Opcodes of a pickle, without the first (PROTO) and the last (STOP).
inline std::string PickledText(const std::string& text) { return "X" + Bytes(text.size(), 4) + text; }
inline std::string PickledInt(int64_t value) {
  const bool fits = value >= INT32_MIN && value <= INT32_MAX;
  return fits ? "J" + Bytes(static_cast<uint64_t>(value), 4) : "\x8a\x08" + Bytes(static_cast<uint64_t>(value), 8);
}
inline std::string PickledGlobal(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }
inline std::string PickledTuple(const std::vector<int64_t>& values) {
  std::string code = "(";
  for (const int64_t value : values) code += PickledInt(value);
  return code + "t";
}
inline std::string PickledCallOf(const std::string& module, const std::string& name, const std::string& arguments) {
  return PickledGlobal(module, name) + "(" + arguments + "tR";
}

// torch._utils._rebuild_tensor_v2 of a storage; `legacy` adds the None of the older form.
struct TensorToPickle {
  std::string key = "0";
  std::string storage_class = "FloatStorage";
  int64_t elements = 0;
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;
};
inline std::string PickledTensorOf(const TensorToPickle& tensor, bool legacy = false) {
  const std::string storage = "(" + PickledText("storage") + PickledGlobal("torch", tensor.storage_class) + PickledText(tensor.key) +
                              PickledText("cpu") + PickledInt(tensor.elements) + (legacy ? "N" : "") + "tQ";
  return PickledCallOf("torch._utils", "_rebuild_tensor_v2",
                       storage + PickledInt(tensor.offset) + PickledTuple(tensor.shape) + PickledTuple(tensor.strides) + "\x89" +
                           PickledGlobal("collections", "OrderedDict") + ")R");
}

inline std::string PickledDict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string code = "}(";
  for (const auto& [key, value] : items) code += PickledText(key) + value;
  return code + "u";
}

inline std::string WholePickle(const std::string& code, int protocol = 2) {
  return "\x80" + Bytes(static_cast<uint64_t>(protocol), 1) + code + ".";
}

// Stored records, one behind the other; `zip64` writes the wide fields and the wide end record. Checksums are 0, as torch.save writes them
// when it is told to compute none, unless they are given, in the order of the records.
inline std::string ZipOf(const std::vector<std::pair<std::string, std::string>>& records, bool zip64 = false,
                         const std::vector<uint32_t>& checksums = {}) {
  std::string file, directory;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& [name, data] = records[i];
    const uint32_t checksum = i < checksums.size() ? checksums[i] : 0;
    const uint64_t begin = file.size(), narrow = zip64 ? 0xffffffff : data.size();
    file += std::string("PK\3\4") + Bytes(20, 2) + Bytes(0, 2 + 2 + 4 + 4) + Bytes(data.size(), 4) + Bytes(data.size(), 4) +
            Bytes(name.size(), 2) + Bytes(0, 2) + name + data;
    const std::string extra = zip64 ? Bytes(1, 2) + Bytes(24, 2) + Bytes(data.size(), 8) + Bytes(data.size(), 8) + Bytes(begin, 8) : "";
    directory += std::string("PK\1\2") + Bytes(20, 2) + Bytes(20, 2) + Bytes(0, 2 + 2 + 4) + Bytes(checksum, 4) + Bytes(narrow, 4) +
                 Bytes(narrow, 4) + Bytes(name.size(), 2) + Bytes(extra.size(), 2) + Bytes(0, 2 + 2 + 2 + 4) +
                 Bytes(zip64 ? 0xffffffff : begin, 4) + name + extra;
  }
  const uint64_t start = file.size(), count = records.size();
  file += directory;
  if (zip64) {
    const uint64_t wide = file.size();
    file += std::string("PK\6\6") + Bytes(44, 8) + Bytes(45, 2) + Bytes(45, 2) + Bytes(0, 4 + 4) + Bytes(count, 8) + Bytes(count, 8) +
            Bytes(directory.size(), 8) + Bytes(start, 8);
    file += std::string("PK\6\7") + Bytes(0, 4) + Bytes(wide, 8) + Bytes(1, 4);
  }
  return file + std::string("PK\5\6") + Bytes(0, 2 + 2) + Bytes(zip64 ? 0xffff : count, 2) + Bytes(zip64 ? 0xffff : count, 2) +
         Bytes(zip64 ? 0xffffffff : directory.size(), 4) + Bytes(zip64 ? 0xffffffff : start, 4) + Bytes(0, 2);
}

// What torch.save writes for the value that `code` pickles; storages by key.
using Storages = std::vector<std::pair<std::string, std::string>>;
inline std::string TorchZipOf(const std::string& code, const Storages& storages, bool zip64 = false) {
  std::vector<std::pair<std::string, std::string>> records = {{"archive/data.pkl", WholePickle(code)}, {"archive/byteorder", "little"}};
  for (const auto& [key, data] : storages) records.emplace_back("archive/data/" + key, data);
  records.emplace_back("archive/version", "3\n");
  return ZipOf(records, zip64);
}

struct LegacyStorage {
  std::string key, data;
  size_t element_size = 4;
};
inline std::string TorchLegacyOf(const std::string& code, const std::vector<LegacyStorage>& storages) {
  std::string file = WholePickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + WholePickle(PickledInt(1001));
  file += WholePickle(PickledDict({{"protocol_version", PickledInt(1001)}, {"little_endian", "\x88"}})) + WholePickle(code);
  std::string keys = "](", data;
  for (const LegacyStorage& storage : storages) {
    keys += PickledText(storage.key);
    data += Bytes(storage.data.size() / storage.element_size, 8) + storage.data;
  }
  return file + WholePickle(keys + "e") + data;
}

}  // namespace deepmad::models
