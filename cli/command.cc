#include "cli/command.h"

#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace deepmad::base {
template <>
const char* cli::CommandRegistry::kind() {
  return "command";
}
}  // namespace deepmad::base

namespace deepmad::cli {
namespace {

// "train.epochs=3", but not "./odd=name.yaml".
bool IsOverride(const std::string& argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  for (const char c : argument.substr(0, equals)) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.' && c != '-') return false;
  }
  return argument[0] != '.';
}

}  // namespace

Command::Split Command::SplitArguments(size_t min, size_t max, const std::string& what) const {
  Split split;
  for (const std::string& argument : arguments) (IsOverride(argument) ? split.overrides : split.files).push_back(argument);
  if (split.files.size() < min) throw base::UsageError("no " + what + " given", "", "try " + Example());
  if (split.files.size() > max) throw base::UsageError(fmt::format("unexpected argument '{}'", split.files[max]), "", "try " + Example());
  return split;
}

base::Config Command::LoadConfig(const std::string& file, const std::vector<std::string>& overrides, const std::string& seed_key) const {
  base::Config config = base::Config::FromFile(file);
  for (const std::string& assignment : overrides) config.Override(assignment);
  if (common.seed) config.Override(fmt::format("{}={}", seed_key, *common.seed));
  return config;
}

void Command::Print(const base::Json& document, const std::string& text) const {
  const std::string output = common.json ? base::JsonLine(document) + "\n" : text;
  if (std::fwrite(output.data(), 1, output.size(), stdout) != output.size() || std::fflush(stdout) != 0) {
    throw base::FailedError(fmt::format("cannot write the result: {}", std::strerror(errno)), "standard output");
  }
}

void DeclareLocalRanks(CLI::App& app, int& count) {
  app.add_option("--nproc", count, "processes on this machine (1), one a GPU, that share the work; across machines: see docs/cluster.md")
      ->check(CLI::Range(1, 1024));
}

}  // namespace deepmad::cli
