#include "cli/run_folder.h"

#include <filesystem>

#include "base/error.h"

namespace deepmad::cli {
namespace {

std::string Require(const std::string& folder, const std::string& name) {
  const std::string path = (std::filesystem::path(folder) / name).string();
  if (!std::filesystem::exists(path)) throw base::UsageError("no " + name + " here", folder, "give a folder that `deepmad run` made");
  return path;
}

}  // namespace

bool IsRunFolder(const std::string& path) {
  std::error_code error;  // a link that leads in a circle
  return std::filesystem::is_directory(path, error);
}

std::string RunConfigFile(const std::string& folder) { return Require(folder, "config.yaml"); }

std::string RunNetworkFile(const std::string& folder) { return Require(folder, "network.yaml"); }

mad::NetworkSpec RunNetwork(const std::string& folder) { return mad::LoadNetwork(RunNetworkFile(folder)); }

NetworkAndConfig OpenRunOrNetwork(const std::string& source, const std::vector<std::string>& overrides) {
  const bool folder = IsRunFolder(source);
  NetworkAndConfig opened{folder ? RunNetwork(source) : mad::LoadNetwork(source),
                          folder ? base::Config::FromFile(RunConfigFile(source)) : base::Config::FromText("{}", source)};
  for (const std::string& assignment : overrides) opened.config.Override(assignment);
  return opened;
}

}  // namespace deepmad::cli
