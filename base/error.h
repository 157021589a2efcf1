// The one exception type of the project. Thrown anywhere, caught once, in cli/main.cc, which prints one clear
// line "what: where: what to do" and exits with the code of the kind.
#pragma once

#include <stdexcept>
#include <string>

namespace deepmad::base {

// The numbers are the process exit codes that docs/cli.md promises; do not change existing entries.
enum class ErrorKind {
  kFailed = 1,      // the work itself failed: an unreadable image, a full disk, a non-finite loss
  kUsage = 2,       // command line or configuration
  kInfeasible = 3,  // a design problem that no structure solves
  kStopped = 75,    // stopped by a signal with the state saved; start again to go on
};

class Error : public std::runtime_error {
 public:
  // `what`: what is wrong, with the offending value. `where`: file, file:line, key or tensor name; may be empty.
  // `hint`: what to do about it; may be empty.
  Error(ErrorKind kind, const std::string& what, const std::string& where = "", const std::string& hint = "");

  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }
  const std::string& where() const { return where_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorKind kind_;
  std::string where_;
  std::string hint_;
};

// Shorthands for the common kinds; each returns the exception, so that the throw stays visible at the call.
Error UsageError(const std::string& what, const std::string& where = "", const std::string& hint = "");
Error FailedError(const std::string& what, const std::string& where = "", const std::string& hint = "");
Error InfeasibleError(const std::string& what, const std::string& where = "", const std::string& hint = "");

}  // namespace deepmad::base
