// Values written as Python literals: dictionaries with string keys, lists, tuples, strings, numbers, True, False, None. Nothing is
// executed; other expressions are errors. The released structures are such texts (mad/network/tinynas_structure.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::mad {

struct PythonLiteral {
  enum class Kind { kNone, kBool, kInt, kFloat, kString, kList, kDict };
  Kind kind = Kind::kNone;
  int64_t integer = 0;               // kInt, and kBool as 0 or 1
  double real = 0;                   // kFloat
  std::string text;                  // kString
  std::vector<PythonLiteral> items;  // kList (tuples too); values of kDict
  std::vector<std::string> keys;     // kDict: one an item, in order, all different
  int line = 1, column = 1;          // of its first character

  const PythonLiteral* Find(const std::string& key) const;  // of a dictionary; nullptr where absent
};

// UsageError "WHERE:line:column" for anything else, for keys given twice, more than 1 MiB, nesting beyond 32, or integers beyond 64 bits.
PythonLiteral ParsePythonLiteral(const std::string& text, const std::string& where);

}  // namespace deepmad::mad
