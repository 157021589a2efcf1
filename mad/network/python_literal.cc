#include "mad/network/python_literal.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace deepmad::mad {
namespace {

constexpr size_t kMaxText = 1 << 20;
constexpr int kMaxNesting = 32;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool IsWordPart(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '+' || c == '-';
}

class Parser {
 public:
  Parser(const std::string& text, const std::string& where) : text_(text), where_(where) {}

  PythonLiteral Document() {
    PythonLiteral value = Value(0);
    SkipSpace();
    if (at_ != text_.size()) Fail("text behind the value");
    return value;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw base::UsageError(what, fmt::format("{}:{}:{}", where_, line_, column_), "give the structure as a Python list of dictionaries");
  }

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  void Advance() {
    if (text_[at_++] == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
  }
  void SkipSpace() {
    while (!AtEnd() && (IsSpace(Peek()) || Peek() == '#')) {
      if (Peek() == '#') {
        while (!AtEnd() && Peek() != '\n') Advance();
      } else {
        Advance();
      }
    }
  }
  void Expect(char c) {
    SkipSpace();
    if (AtEnd()) Fail(fmt::format("the text ends where '{}' is due", c));
    if (Peek() != c) Fail(fmt::format("'{}' is due here", c));
    Advance();
  }

  PythonLiteral Value(int nesting) {
    SkipSpace();
    if (nesting > kMaxNesting) Fail(fmt::format("nested deeper than {}", kMaxNesting));
    if (AtEnd()) Fail("the text ends where a value is due");
    PythonLiteral value;
    value.line = line_;
    value.column = column_;
    switch (Peek()) {
      case '{':
        ParseDict(value, nesting);
        break;
      case '[':
        ParseList(value, '[', ']', nesting);
        break;
      case '(':
        ParseList(value, '(', ')', nesting);
        break;
      case '\'':
      case '"':
        value.kind = PythonLiteral::Kind::kString;
        value.text = String();
        break;
      default:
        ParseWord(value);
    }
    return value;
  }

  void ParseDict(PythonLiteral& value, int nesting) {
    value.kind = PythonLiteral::Kind::kDict;
    Advance();
    for (SkipSpace(); Peek() != '}'; SkipSpace()) {
      if (Peek() != '\'' && Peek() != '"') Fail("a key in quotes is due here");
      const int line = line_, column = column_;
      std::string key = String();
      if (value.Find(key) != nullptr) {
        line_ = line;
        column_ = column;
        Fail(fmt::format("key '{}' is given twice", key));
      }
      Expect(':');
      value.keys.push_back(std::move(key));
      value.items.push_back(Value(nesting + 1));
      SkipSpace();
      if (Peek() != '}') Expect(',');
    }
    Advance();
  }

  void ParseList(PythonLiteral& value, char open, char close, int nesting) {
    value.kind = PythonLiteral::Kind::kList;
    Expect(open);
    for (SkipSpace(); Peek() != close; SkipSpace()) {
      value.items.push_back(Value(nesting + 1));
      SkipSpace();
      if (Peek() != close) Expect(',');
    }
    Advance();
  }

  // Between quotes of one kind; \\, \' and \" are the only escapes.
  std::string String() {
    const char quote = Peek();
    Advance();
    std::string result;
    while (!AtEnd() && Peek() != quote) {
      if (Peek() == '\n') Fail("a string ends on its line");
      if (Peek() == '\\') {
        Advance();
        if (Peek() != '\\' && Peek() != '\'' && Peek() != '"') Fail("an escape other than \\\\, \\' and \\\"");
      }
      result += Peek();
      Advance();
    }
    if (AtEnd()) Fail("the text ends within a string");
    Advance();
    return result;
  }

  void ParseWord(PythonLiteral& value) {
    std::string word;
    while (at_ + word.size() < text_.size() && IsWordPart(text_[at_ + word.size()])) word += text_[at_ + word.size()];
    if (word.empty()) Fail(fmt::format("'{}' begins no literal", Peek()));
    if (word == "True" || word == "False") {
      value.kind = PythonLiteral::Kind::kBool;
      value.integer = word == "True" ? 1 : 0;
    } else if (word != "None") {
      ParseNumber(word, value);
    }
    for (size_t i = 0; i < word.size(); ++i) Advance();
  }

  void ParseNumber(const std::string& word, PythonLiteral& value) const {
    const char* const end = word.data() + word.size();
    const auto whole = std::from_chars(word.data(), end, value.integer);
    if (whole.ec == std::errc{} && whole.ptr == end) {
      value.kind = PythonLiteral::Kind::kInt;
      return;
    }
    value.integer = 0;
    const auto real = std::from_chars(word.data(), end, value.real);
    const bool digits_only = word.find_first_not_of("0123456789-") == std::string::npos;
    if (real.ec != std::errc{} || real.ptr != end || digits_only) Fail(fmt::format("'{}' is no literal", word.substr(0, 40)));
    value.kind = PythonLiteral::Kind::kFloat;
  }

  const std::string& text_;
  const std::string& where_;
  size_t at_ = 0;
  int line_ = 1, column_ = 1;
};

}  // namespace

const PythonLiteral* PythonLiteral::Find(const std::string& key) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

PythonLiteral ParsePythonLiteral(const std::string& text, const std::string& where) {
  if (text.size() > kMaxText) {
    throw base::UsageError(fmt::format("a structure text of {} bytes", text.size()), where, fmt::format("at most {} are read", kMaxText));
  }
  return Parser(text, where).Document();
}

}  // namespace deepmad::mad
