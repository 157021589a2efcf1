// A subcommand: declares its arguments, then runs. One file each; the last line registers it, so main knows none of them by name.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "base/registry.h"

namespace deepmad::cli {

// Flags that every command has.
struct CommonOptions {
  std::string device = "auto";
  int threads = 0;  // 0: one a core
  std::optional<uint64_t> seed;
  bool dry_run = false;
  bool quiet = false;
  bool json = false;
};

class Command {
 public:
  virtual ~Command() = default;
  // Adds the command's own positionals and flags; the base class adds the common ones.
  virtual void Declare(CLI::App& app) = 0;
  virtual void Run() = 0;  // throws base::Error
  // A line for --help that works when typed.
  virtual std::string Example() const = 0;

  CommonOptions common;
  std::vector<std::string> arguments;  // positionals in order: files, then key=value overrides

 protected:
  // Splits `arguments`: everything with '=' behind a key is an override. UsageError where fewer than `min` or more than `max` files remain.
  struct Split {
    std::vector<std::string> files;
    std::vector<std::string> overrides;
  };
  Split SplitArguments(size_t min, size_t max, const std::string& what) const;
  // The file with overrides applied and --seed set under `seed_key`.
  base::Config LoadConfig(const std::string& file, const std::vector<std::string>& overrides, const std::string& seed_key) const;
  // Results go to stdout: `document` as one JSON line with --json, `text` otherwise.
  void Print(const base::Json& document, const std::string& text) const;
};

// The flag --nproc: processes on this machine, for train::LaunchLocalRanks. `count` stays 0 where it is not given.
void DeclareLocalRanks(CLI::App& app, int& count);

using CommandRegistry = base::Registry<std::unique_ptr<Command>()>;

}  // namespace deepmad::cli

namespace deepmad::base {
template <>
const char* cli::CommandRegistry::kind();
}  // namespace deepmad::base
