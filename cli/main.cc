// deepmad COMMAND [FILE] [--flag value] [key.sub=value ...]. The one place that catches: a clear line on stderr and the exit code.
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "base/build_info.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/stop_signal.h"
#include "cli/command.h"
#include "cli/thread_waiting.h"
#include "cli/version.h"
#include "train/distributed/launch.h"

namespace {

using deepmad::base::Error;
using deepmad::base::ErrorKind;
using deepmad::cli::Command;
using deepmad::cli::CommandRegistry;

int Fail(const std::string& message, ErrorKind kind) {
  fmt::print(stderr, "deepmad: {}{}\n", deepmad::train::RankPrefix(), message);
  return static_cast<int>(kind);
}

// The first line of a library's message: what follows is a stack trace.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

void DeclareCommon(CLI::App& app, Command& command) {
  app.add_option("--device", command.common.device, "auto, cpu, cuda or cuda:1")->capture_default_str();
  app.add_option("--threads", command.common.threads, "CPU threads; 0: one a core")->check(CLI::Range(0, 1024))->capture_default_str();
  app.add_option("--seed", command.common.seed, "overrides the seed of the file");
  app.add_flag("--dry-run", command.common.dry_run, "say what would happen; write nothing");
  app.add_flag("--quiet", command.common.quiet, "no progress, only results and errors");
  app.add_flag("--json", command.common.json, "one JSON document on stdout");
  app.add_option("arguments", command.arguments, "files, then key.sub=value overrides of what they say");
  app.footer("Example: " + command.Example());
}

// A mistyped command is worth more than the parser's own message.
void CheckCommandName(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-' || CommandRegistry::Get().Contains(argv[1])) return;
  throw deepmad::base::UnknownName("command", argv[1], CommandRegistry::Get().Names(), "");
}

int RunMain(int argc, char** argv) {
  CheckCommandName(argc, argv);
  CLI::App app("Designs a convolutional network for a budget by mathematics, then trains, validates and exports it.", "deepmad");
  app.set_version_flag("--version", deepmad::cli::VersionText());
  app.require_subcommand(1);
  std::map<std::string, std::unique_ptr<Command>> commands;
  for (const std::string& name : CommandRegistry::Get().Names()) {
    const auto& entry = CommandRegistry::Get().Find(name);
    std::unique_ptr<Command> command = entry.factory();
    CLI::App* subcommand = app.add_subcommand(name, entry.summary);
    command->Declare(*subcommand);
    DeclareCommon(*subcommand, *command);
    commands[name] = std::move(command);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return Fail(FirstLine(error.what()) + ": see `deepmad --help`", ErrorKind::kUsage);
  }
  Command& command = *commands.at(app.get_subcommands().front()->get_name());
  deepmad::base::SetLogLevel(command.common.quiet ? deepmad::base::LogLevel::kQuiet : deepmad::base::LogLevel::kNormal);
  deepmad::base::InstallStopHandlers();
  command.Run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  deepmad::cli::BoundThreadSpinning(argv);
  try {
    return RunMain(argc, argv);
  } catch (const Error& error) {
    return Fail(error.what(), error.kind());
  } catch (const c10::Error& error) {
    return Fail(FirstLine(error.what_without_backtrace()), ErrorKind::kFailed);
  } catch (const std::exception& error) {
    return Fail(FirstLine(error.what()), ErrorKind::kFailed);
  }
}
