#include "cli/version.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include "base/build_info.h"

namespace deepmad::cli {

std::string VersionText() {
  const auto& cuda = at::detail::getCUDAHooks();
  const std::string cuda_text = cuda.hasCUDART() ? fmt::format("CUDA {}", cuda.versionCUDART()) : "CUDA not linked";
  return fmt::format("deepmad {} ({}), LibTorch {}.{}.{}, {}", base::Version(), base::GitRevision(), TORCH_VERSION_MAJOR,
                     TORCH_VERSION_MINOR, TORCH_VERSION_PATCH, cuda_text);
}

}  // namespace deepmad::cli
