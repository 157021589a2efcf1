// What `deepmad evaluate` can score: results files of anybody's, without a network. One file each; the last line registers it.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/registry.h"
#include "cli/command.h"

namespace deepmad::cli {

// What an evaluation found: the document of --json and the table for people.
struct EvaluationReport {
  base::Json document;
  std::string text;
};

class Evaluation {
 public:
  virtual ~Evaluation() = default;
  virtual void Declare(CLI::App& app) = 0;                        // its own flags
  virtual EvaluationReport Run(const CommonOptions& common) = 0;  // throws base::Error
  // Flags of an example for --help, behind `deepmad evaluate NAME`.
  virtual std::string Example() const = 0;
};

using EvaluationRegistry = base::Registry<std::unique_ptr<Evaluation>()>;

}  // namespace deepmad::cli

namespace deepmad::base {
template <>
const char* cli::EvaluationRegistry::kind();
}  // namespace deepmad::base
