// A large JSON file in pieces, whatever its size: the file passes through a window, and whole values come out one by one, for a parser.
// Looks at brackets, quotes and separators only; whether a value is right is for who parses it.
//
//   JsonStream stream("instances_train2017.json");
//   stream.EnterObject();
//   for (std::string key; stream.NextMember(&key);) {
//     if (key != "annotations") { stream.SkipValue(); continue; }
//     stream.EnterArray();
//     while (stream.NextElement()) Parse(stream.Value());
//   }
//   stream.End();
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace deepmad::data {

class JsonStream {
 public:
  static constexpr size_t kPadding = 64;                      // readable bytes behind each value, as simdjson wants them
  static constexpr size_t kLongestValue = size_t{256} << 20;  // bytes; a longer one is taken for a broken file

  // All functions throw FailedError naming the file; those that read also the byte where it is broken.
  explicit JsonStream(const std::string& path);

  const std::string& path() const { return path_; }

  // The next character that is no blank, without taking it; 0 at the end of the file.
  char Peek();
  void EnterObject();
  void EnterArray();
  // Takes the name of the next member of the object entered last (as written: escapes stay) or its end: false.
  bool NextMember(std::string* key);
  // Stands before the next element of the array entered last, or takes its end: false.
  bool NextElement();
  // The whole value that stands here; good until the next call, with kPadding bytes behind it.
  std::string_view Value();
  void SkipValue();
  // Nothing but blanks may follow.
  void End();
  // For content that its reader does not want: "what", with the file and the byte.
  base::Error Broken(const std::string& what) const;

 private:
  bool More();       // reads on; false at the end of the file
  char Take();       // FailedError at the end
  void TakeValue();  // moves behind the value
  void TakeText();   // the opening quote is taken
  bool NextItem(char end);
  void Expect(char wanted, const char* meaning);

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::vector<char> window_;
  size_t at_ = 0, end_ = 0;   // of the window: what is read, what is there
  size_t kept_ = 0;           // start of what must stay in the window; `at_` or before
  size_t window_offset_ = 0;  // of the window in the file
  bool keeping_ = false;
  bool first_ = false;  // no item of the object or array entered last was taken
};

}  // namespace deepmad::data
