#include "cli/version.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <string>

#include "base/build_info.h"

namespace deepmad::cli {

std::string VersionText() {
  const auto& cuda = at::detail::getCUDAHooks();
  std::string cuda_text = "CUDA not linked";
  if (cuda.hasCUDART()) {
    const long number = cuda.versionCUDART();  // 13000 is 13.0
    cuda_text = fmt::format("CUDA {}.{}", number / 1000, number % 1000 / 10);
  }
  return fmt::format("deepmad {} ({}), LibTorch {}.{}.{}, {}", base::Version(), base::GitRevision(), TORCH_VERSION_MAJOR,
                     TORCH_VERSION_MINOR, TORCH_VERSION_PATCH, cuda_text);
}

}  // namespace deepmad::cli
