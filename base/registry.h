// Plug-ins register themselves in the last line of their own .cc file; nothing else knows them by name.
//
//   using SolverRegistry = base::Registry<std::unique_ptr<Solver>()>;                  // in the room's header
//   namespace deepmad::base { template <> const char* mad::SolverRegistry::kind(); }   // there too; "solver" in one .cc
//   DEEPMAD_REGISTER(SolverRegistry, "nlopt", "SLSQP on the relaxation, then ...", MakeNloptSolver);
//
// A room with plug-ins is linked as an OBJECT library: the linker drops unreferenced members of a static one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"

namespace deepmad::base {

template <typename Signature>
class Registry;

template <typename Result, typename... Args>
class Registry<Result(Args...)> {
 public:
  using Factory = std::function<Result(Args...)>;
  struct Entry {
    std::string name;
    std::string summary;  // one line, shown by `deepmad list`
    Factory factory;
  };

  // The word for one entry in messages: "block type", "dataset". Specialised once per registry.
  static const char* kind();

  static Registry& Get() {
    static Registry registry;
    return registry;
  }

  // Throws std::logic_error for a name registered twice: a bug of ours, found at start-up.
  bool Register(const std::string& name, const std::string& summary, Factory factory) {
    if (!entries_.emplace(name, Entry{name, summary, std::move(factory)}).second) {
      throw std::logic_error(std::string("duplicate ") + kind() + " '" + name + "'");
    }
    return true;
  }

  bool Contains(const std::string& name) const { return entries_.count(name) != 0; }

  // Throws UsageError naming the nearest and all known names. `where` is the place the name came from.
  const Entry& Find(const std::string& name, const std::string& where = "") const {
    const auto it = entries_.find(name);
    if (it == entries_.end()) throw UnknownName(kind(), name, Names(), where);
    return it->second;
  }

  Result Create(const std::string& name, Args... args) const { return Find(name).factory(std::forward<Args>(args)...); }

  std::vector<std::string> Names() const {  // sorted
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace deepmad::base

#define DEEPMAD_REGISTER_CONCAT_(a, b) a##b
#define DEEPMAD_REGISTER_NAME_(line) DEEPMAD_REGISTER_CONCAT_(deepmad_registered_, line)
#define DEEPMAD_REGISTER(RegistryType, name, summary, factory) \
  [[maybe_unused]] static const bool DEEPMAD_REGISTER_NAME_(__LINE__) = RegistryType::Get().Register(name, summary, factory)
