#include "models/formats/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace deepmad::models {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 10> kElementSizes = {
    {{"F64", 8}, {"I64", 8}, {"F32", 4}, {"I32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2}, {"I8", 1}, {"U8", 1}, {"BOOL", 1}}};
constexpr size_t kMaxDimensions = 16;
constexpr const char* kMetadataKey = "__metadata__";

// Events of the JSON parser, so that nothing nested deeper than the format is ever built and double names are seen.
class HeaderReader {
 public:
  explicit HeaderReader(const std::string& where) : where_(where) {}

  bool start_object(size_t) {
    if (place_ == Place::kStart) {
      place_ = Place::kTop;
    } else if (place_ == Place::kTop) {
      place_ = key_ == kMetadataKey ? Place::kMetadata : Place::kTensor;
      fields_.clear();
      if (place_ == Place::kTensor) header_.entries.push_back({.name = key_, .dtype = "", .shape = {}});
    } else {
      Fail("an object where none belongs");
    }
    return true;
  }
  bool end_object() {
    if (place_ == Place::kTensor && fields_.size() != 3) Fail("dtype, shape and data_offsets are needed");
    place_ = place_ == Place::kTop ? Place::kEnd : Place::kTop;
    return true;
  }
  bool key(std::string& key) {
    key_ = key;
    const bool fresh = place_ == Place::kTop ? names_.insert(key).second : fields_.insert(key).second;
    if (!fresh) Fail("'" + key + "' stands twice");
    if (place_ == Place::kTensor && key != "dtype" && key != "shape" && key != "data_offsets") Fail("unknown field '" + key + "'");
    return true;
  }
  bool start_array(size_t) {
    if (place_ != Place::kTensor || key_ == "dtype") Fail("a list where none belongs");
    place_ = key_ == "shape" ? Place::kShape : Place::kOffsets;
    numbers_.clear();
    return true;
  }
  bool end_array() {
    SafetensorsEntry& entry = header_.entries.back();
    if (place_ == Place::kShape) {
      entry.shape.assign(numbers_.begin(), numbers_.end());
    } else {
      if (numbers_.size() != 2) Fail("data_offsets needs two numbers");
      entry.begin = numbers_[0];
      entry.end = numbers_[1];
    }
    place_ = Place::kTensor;
    return true;
  }
  bool string(std::string& value) {
    if (place_ == Place::kMetadata) {
      header_.metadata[key_] = value;
    } else if (place_ == Place::kTensor && key_ == "dtype") {
      header_.entries.back().dtype = value;
    } else {
      Fail("text where none belongs");
    }
    return true;
  }
  bool number_unsigned(uint64_t value) {
    if (place_ != Place::kShape && place_ != Place::kOffsets) Fail("a number where none belongs");
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) Fail("a number over 2^63");
    if (numbers_.size() == kMaxDimensions) Fail("over 16 dimensions");
    numbers_.push_back(value);
    return true;
  }
  bool null() { return Fail("null where none belongs"); }
  bool boolean(bool) { return Fail("a truth value where none belongs"); }
  bool number_integer(int64_t) { return Fail("a negative number"); }
  bool number_float(double, const std::string&) { return Fail("a fractional number"); }
  bool binary(std::vector<uint8_t>&) { return Fail("binary data"); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    throw base::FailedError("the header is not JSON from byte " + std::to_string(position) + " on", where_, "is it a safetensors file?");
  }

  SafetensorsHeader Take() {
    if (place_ != Place::kEnd) throw base::FailedError("the header is not a JSON object", where_, "is it a safetensors file?");
    return std::move(header_);
  }

 private:
  enum class Place { kStart, kTop, kTensor, kShape, kOffsets, kMetadata, kEnd };

  bool Fail(const std::string& what) const {
    const bool in_tensor = place_ == Place::kTensor || place_ == Place::kShape || place_ == Place::kOffsets;
    throw base::FailedError("bad header: " + (in_tensor ? "tensor '" + header_.entries.back().name + "': " + what : what), where_);
  }

  std::string where_;
  SafetensorsHeader header_;
  Place place_ = Place::kStart;
  std::string key_;
  std::set<std::string> names_;   // at the top
  std::set<std::string> fields_;  // of the object being read
  std::vector<uint64_t> numbers_;
};

void CheckSize(const SafetensorsEntry& entry, const std::string& where) {
  const auto fail = [&](const std::string& what) { throw base::FailedError("tensor '" + entry.name + "': " + what, where); };
  const int element_size = SafetensorsElementSize(entry.dtype);
  if (element_size == 0) fail("unsupported dtype '" + entry.dtype + "'");
  uint64_t bytes = static_cast<uint64_t>(element_size);
  for (const int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) fail("its shape is too large");
  }
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    fail("its shape needs " + std::to_string(bytes) + " bytes, its offsets are " + std::to_string(entry.begin) + " and " +
         std::to_string(entry.end));
  }
}

// The data section must be used exactly once from its first to its last byte.
void CheckLayout(const std::vector<SafetensorsEntry>& entries, uint64_t data_size, const std::string& where) {
  std::vector<const SafetensorsEntry*> in_order;
  for (const SafetensorsEntry& entry : entries) in_order.push_back(&entry);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  uint64_t reached = 0;
  for (const SafetensorsEntry* entry : in_order) {
    if (entry->begin < reached) throw base::FailedError("tensor '" + entry->name + "' overlaps the one before it", where);
    if (entry->begin > reached) throw base::FailedError("there is a gap before tensor '" + entry->name + "'", where);
    reached = entry->end;
  }
  if (reached != data_size) {
    throw base::FailedError("its header describes " + std::to_string(reached) + " bytes of data, the file has " + std::to_string(data_size),
                            where, reached > data_size ? "the file is cut off; copy it again" : "");
  }
}

}  // namespace

int SafetensorsElementSize(std::string_view dtype) {
  for (const auto& [name, size] : kElementSizes) {
    if (name == dtype) return size;
  }
  return 0;
}

SafetensorsHeader ParseSafetensorsHeader(std::string_view json, uint64_t data_size, const std::string& where) {
  HeaderReader reader(where);
  nlohmann::json::sax_parse(json, &reader);
  SafetensorsHeader header = reader.Take();
  for (const SafetensorsEntry& entry : header.entries) CheckSize(entry, where);
  CheckLayout(header.entries, data_size, where);
  return header;
}

std::string MakeSafetensorsHeader(const SafetensorsHeader& header) {
  base::Json document = base::Json::object();
  if (!header.metadata.empty()) document[kMetadataKey] = header.metadata;
  for (const SafetensorsEntry& entry : header.entries) {
    document[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string json = document.dump();
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string result;
  for (uint64_t length = json.size(), byte = 0; byte < 8; ++byte) result.push_back(static_cast<char>(length >> (8 * byte)));
  return result + json;
}

}  // namespace deepmad::models
