#include "data/pack/format.h"

#include <zlib.h>

#include <bit>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "data/image/image_io.h"

namespace deepmad::data {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "DMADPACK"sv, kEndMagic = "DMADPEND"sv;
constexpr size_t kHeaderBytes = 16, kFooterBytes = 32, kAlignment = 8;

struct Record {
  uint64_t offset;
  uint64_t size;
  uint32_t checksum;
  uint32_t label;
  uint32_t height;
  uint32_t width;
  uint32_t channels;
  uint32_t name_end;  // in the names; it begins where that of the record before ends
};
static_assert(sizeof(Record) == 40);

struct Footer {
  uint64_t index_offset;
  uint64_t index_size;
  uint32_t count;
  uint32_t checksum;
  char magic[8];
};
static_assert(sizeof(Footer) == kFooterBytes);
static_assert(std::endian::native == std::endian::little, "the numbers are written as they lie in memory");

template <typename T>
T ReadAs(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
std::string AsBytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}

bool MakesSense(const Record& record, uint64_t index_offset, uint32_t name_begin, size_t names) {
  const bool inside = record.offset >= kHeaderBytes && record.offset <= index_offset && record.size <= index_offset - record.offset;
  const bool named = record.name_end > name_begin && record.name_end <= names;
  if (record.channels == 0) return inside && named && record.size > 0;
  const bool sides = record.height > 0 && record.width > 0 && record.height <= kMaxSide && record.width <= kMaxSide;
  const bool image =
      (record.channels == 1 || record.channels == 3) && sides && uint64_t{record.height} * record.width * record.channels == record.size;
  return inside && named && image;
}

}  // namespace

PackShard::PackShard(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {
  if (bytes.size() < kHeaderBytes + kFooterBytes || !bytes.starts_with(kMagic)) {
    throw base::FailedError("not a shard of a packed data set", name_, "pack the data set again");
  }
  if (const auto version = ReadAs<uint32_t>(bytes, kMagic.size()); version != kPackVersion) {
    throw base::FailedError(
        "a packed shard of version " + std::to_string(version) + ", this program reads version " + std::to_string(kPackVersion), name_,
        "pack the data set again");
  }
  const auto damaged = [&](const std::string& what) {
    return base::FailedError("damaged shard: " + what, name_, "pack the data set again");
  };
  const size_t footer_offset = bytes.size() - kFooterBytes;
  const auto footer = ReadAs<Footer>(bytes, footer_offset);
  if (std::string_view(footer.magic, kEndMagic.size()) != kEndMagic) throw damaged("the end is missing");
  const uint64_t records = uint64_t{footer.count} * sizeof(Record);
  if (footer.index_offset < kHeaderBytes || footer.index_offset > footer_offset ||
      footer.index_size != footer_offset - footer.index_offset || records > footer.index_size) {
    throw damaged("its index does not fit");
  }
  const std::string_view index = bytes.substr(footer.index_offset, footer.index_size);
  if (PackChecksum(index) != footer.checksum) throw damaged("the index has another checksum");
  records_ = index.substr(0, records);
  names_ = index.substr(records);
  count_ = footer.count;
  index_checksum_ = footer.checksum;
  uint32_t name_end = 0;
  for (int64_t i = 0; i < count_; ++i) {
    const auto record = ReadAs<Record>(records_, i * sizeof(Record));
    if (!MakesSense(record, footer.index_offset, name_end, names_.size())) throw damaged("sample " + std::to_string(i) + " makes no sense");
    name_end = record.name_end;
  }
  if (name_end != names_.size()) throw damaged("names without samples");
}

PackedSample PackShard::sample(int64_t index) const {
  const auto record = ReadAs<Record>(records_, index * sizeof(Record));
  const uint32_t name_begin = index == 0 ? 0 : ReadAs<Record>(records_, (index - 1) * sizeof(Record)).name_end;
  PackedSample sample;
  sample.content = bytes_.substr(record.offset, record.size);
  sample.name = names_.substr(name_begin, record.name_end - name_begin);
  sample.checksum = record.checksum;
  sample.label = record.label;
  sample.size = {static_cast<int>(record.height), static_cast<int>(record.width)};
  sample.channels = static_cast<int>(record.channels);
  return sample;
}

std::string PackShardWriter::Begin() {
  std::string header(kMagic);
  header += AsBytes(uint32_t{kPackVersion});
  header.resize(kHeaderBytes, '\0');
  written_ = header.size();
  return header;
}

std::string PackShardWriter::Add(const PackedSample& sample) {
  names_ += sample.name;
  records_ += AsBytes(Record{written_, sample.content.size(), PackChecksum(sample.content), static_cast<uint32_t>(sample.label),
                             static_cast<uint32_t>(sample.size.height), static_cast<uint32_t>(sample.size.width),
                             static_cast<uint32_t>(sample.channels), static_cast<uint32_t>(names_.size())});
  ++count_;
  const size_t padding = (kAlignment - sample.content.size() % kAlignment) % kAlignment;
  written_ += sample.content.size() + padding;
  return std::string(padding, '\0');
}

std::string PackShardWriter::End() const {
  const std::string index = records_ + names_;
  Footer footer{written_, index.size(), count_, PackChecksum(index), {}};
  std::memcpy(footer.magic, kEndMagic.data(), kEndMagic.size());
  return index + AsBytes(footer);
}

uint32_t PackChecksum(std::string_view bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace deepmad::data
