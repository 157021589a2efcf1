// Bytes up to the first zero are a configuration, those behind it an override.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/config/config.h"
#include "tests/fuzz/expect.h"

namespace {

using deepmad::base::Config;

void Read(std::string text, const std::string& override_text) {
  // No includes of files that happen to lie on this machine.
  if (text.find("include") != std::string::npos) return;
  Config config = Config::FromText(text, "fuzz.yaml");
  if (!override_text.empty()) config.Override(override_text);
  const std::string resolved = config.Resolved();
  deepmad::fuzz::Expect(Config::FromText(resolved).Resolved() == resolved, "what is written reads back as the same");
  for (const char* key : {"a", "b", "version", "name"}) {
    deepmad::fuzz::MayFail(deepmad::base::ErrorKind::kUsage, [&] { config.GetInt(key, 1, -5, 1000000); });
    deepmad::fuzz::MayFail(deepmad::base::ErrorKind::kUsage, [&] { config.GetDoubles(key, {1}, -1e9, 1e9); });
    deepmad::fuzz::MayFail(deepmad::base::ErrorKind::kUsage, [&] { config.GetStrings(key, {}); });
    deepmad::fuzz::MayFail(deepmad::base::ErrorKind::kUsage, [&] { config.GetBool(key, true); });
  }
  config.Resolved();
  config.CheckAllRead();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const size_t zero = bytes.find('\0');
  deepmad::fuzz::MayFail(deepmad::base::ErrorKind::kUsage,
                         [&] { Read(bytes.substr(0, zero), zero == std::string::npos ? "" : bytes.substr(zero + 1)); });
  return 0;
}
