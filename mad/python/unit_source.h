// A unit as a class of plain PyTorch, written from its recipe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

// A class or part of one: statements of its constructor, which `attach` modules to `self`, and of its pass, which turns `x` into the
// result. No indentation.
struct PythonBody {
  std::vector<std::string> init;
  std::vector<std::string> forward;
};

// Where modules hang below one root, so that those who reach them know which containers are lists: those whose first child is "0".
class PythonTree {
 public:
  // "attach(self, "conv1.bn1", MODULE)".
  std::string Attach(const std::string& path, const std::string& module);
  // "self.conv1.bn1", "self.features[0]", or "getattr(self, "0")" for a name that is no word. REQUIRES: attached before, or above one that
  // was.
  std::string Access(const std::string& path) const;

 private:
  bool IsPlaceOfList(const std::string& parent, const std::string& word) const;

  std::set<std::string> known_, lists_;
};

// The classes that the units of a network need, each once.
class PythonUnits {
 public:
  // `spatial_dims`: 2, or 3 with time first.
  explicit PythonUnits(int spatial_dims) : spatial_dims_(spatial_dims) {}

  // Returns the expression that makes the unit, "BottleneckEntry(32, 40, 384, kernel=5)", and keeps its class.
  std::string Make(const PlacedBlock& block, int index, const Unit<double>& unit);
  // Returns the unit's statements for a class that has other modules too, with its numbers written out.
  PythonBody Inline(const PlacedBlock& block, int index, const Unit<double>& unit, PythonTree& tree) const;

  // The classes' source in the order in which they were needed, two empty lines before each.
  std::string Classes() const;

 private:
  int spatial_dims_;
  std::vector<std::pair<std::string, std::string>> classes_;  // name and text
  std::map<std::string, std::string> names_;                  // by text without its name
};

}  // namespace deepmad::mad
