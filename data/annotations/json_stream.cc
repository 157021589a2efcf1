#include "data/annotations/json_stream.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text_file.h"

namespace deepmad::data {
namespace {

constexpr size_t kWindow = size_t{1} << 20;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Characters outside strings at which something begins or ends.
constexpr std::array<bool, 256> kMarks = [] {
  std::array<bool, 256> marks{};
  for (const char c : {'"', '{', '}', '[', ']'}) marks[static_cast<unsigned char>(c)] = true;
  return marks;
}();

std::string Shown(char c) {
  return c >= 0x20 && c < 0x7f ? fmt::format("'{}'", c) : fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

JsonStream::JsonStream(const std::string& path)
    : path_(path), file_(std::fopen(path.c_str(), "rb"), &std::fclose), window_(kWindow + kPadding) {
  if (!file_) throw base::FailedError(fmt::format("cannot open: {}", std::strerror(errno)), path);
  More();
  at_ = base::TextBegin({window_.data(), end_}, path_);
}

base::Error JsonStream::Broken(const std::string& what) const {
  return base::FailedError(what, fmt::format("{}: byte {}", path_, window_offset_ + at_), "the file must be whole and JSON");
}

bool JsonStream::More() {
  if (!keeping_) kept_ = at_;
  if (kept_ > 0) {
    std::memmove(window_.data(), window_.data() + kept_, end_ - kept_);
    window_offset_ += kept_;
    at_ -= kept_;
    end_ -= kept_;
    kept_ = 0;
  }
  if (end_ + kPadding == window_.size()) {
    if (end_ >= kLongestValue) throw Broken(fmt::format("a value longer than {} MiB", kLongestValue >> 20));
    window_.resize(2 * (window_.size() - kPadding) + kPadding);
  }
  const size_t count = std::fread(window_.data() + end_, 1, window_.size() - kPadding - end_, file_.get());
  if (count == 0 && std::ferror(file_.get())) throw base::FailedError(fmt::format("cannot read: {}", std::strerror(errno)), path_);
  end_ += count;
  return count > 0;
}

char JsonStream::Peek() {
  for (;;) {
    while (at_ < end_ && IsBlank(window_[at_])) ++at_;
    if (at_ < end_) return window_[at_];
    if (!More()) return 0;
  }
}

char JsonStream::Take() {
  if (at_ == end_ && !More()) throw Broken("the file ends in the middle of a value");
  return window_[at_++];
}

void JsonStream::Expect(char wanted, const char* meaning) {
  const char next = Peek();
  if (at_ == end_) throw Broken(fmt::format("the file ends where {} should come", meaning));
  if (next != wanted) throw Broken(fmt::format("expected {}, got {}", meaning, Shown(next)));
  ++at_;
}

void JsonStream::EnterObject() {
  Expect('{', "an object");
  first_ = true;
}

void JsonStream::EnterArray() {
  Expect('[', "a list");
  first_ = true;
}

bool JsonStream::NextItem(char end) {
  char next = Peek();
  if (next == end && at_ < end_) {
    ++at_;
    first_ = false;  // of what holds this object or array
    return false;
  }
  if (!first_) {
    Expect(',', end == '}' ? "',' or '}'" : "',' or ']'");
    next = Peek();
  }
  first_ = false;
  if (at_ == end_) throw Broken("the file ends in the middle of a list or object");
  if (next == '}' || next == ']' || next == ',') throw Broken(fmt::format("expected a value, got {}", Shown(next)));
  return true;
}

bool JsonStream::NextMember(std::string* key) {
  if (!NextItem('}')) return false;
  if (Peek() != '"') throw Broken(fmt::format("expected a name in quotes, got {}", Shown(window_[at_])));
  const std::string_view quoted = Value();
  *key = quoted.substr(1, quoted.size() - 2);
  Expect(':', "':'");
  return true;
}

bool JsonStream::NextElement() { return NextItem(']'); }

void JsonStream::TakeText() {
  for (;;) {
    while (at_ < end_ && window_[at_] != '"' && window_[at_] != '\\') ++at_;
    if (at_ == end_) {
      if (!More()) throw Broken("the file ends in the middle of a text");
      continue;
    }
    if (window_[at_++] == '"') return;
    Take();  // what is escaped
  }
}

void JsonStream::TakeValue() {
  const char first = Take();
  if (first == '"') return TakeText();
  if (first != '{' && first != '[') {
    for (; at_ < end_ || More(); ++at_) {
      const char c = window_[at_];
      if (IsBlank(c) || c == ',' || c == ']' || c == '}') break;
    }
    return;
  }
  for (size_t depth = 1; depth > 0;) {
    while (at_ < end_ && !kMarks[static_cast<unsigned char>(window_[at_])]) ++at_;
    if (at_ == end_) {
      if (!More()) throw Broken("the file ends in the middle of a list or object");
      continue;
    }
    const char c = window_[at_++];
    if (c == '"') {
      TakeText();
    } else {
      depth += c == '{' || c == '[' ? 1 : -1;
    }
  }
}

std::string_view JsonStream::Value() {
  Peek();
  kept_ = at_;
  keeping_ = true;
  TakeValue();
  keeping_ = false;
  return {window_.data() + kept_, at_ - kept_};
}

void JsonStream::SkipValue() {
  Peek();
  TakeValue();
}

void JsonStream::End() {
  const char next = Peek();
  if (at_ < end_) throw Broken(fmt::format("expected the end of the file, got {}", Shown(next)));
}

}  // namespace deepmad::data
