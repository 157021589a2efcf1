# LibTorch, imported by hand from its folder (include/, lib/), so that no CUDA toolkit is needed for the CPU library.
#
#   LibTorch::headers  include folders only
#   LibTorch::cpu      headers, libtorch_cpu, libc10
#   LibTorch::cuda     the same with libtorch_cuda and libc10_cuda; only with DEEPMAD_CUDA, where the folder has them and a CUDA toolkit is there
include(LocateLibTorch)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_ROOT VERSION_VAR LibTorch_VERSION
                                  REASON_FAILURE_MESSAGE "run scripts/setup.sh, or pass -DDEEPMAD_LIBTORCH=/path/to/libtorch")
set(LibTorch_LIB "${LibTorch_ROOT}/lib")

if(NOT TARGET LibTorch::cpu)
  # The libraries are a release build, and some classes of the headers have members without NDEBUG that they lack with it.
  add_library(LibTorch::headers INTERFACE IMPORTED)
  set_target_properties(LibTorch::headers PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_ROOT}/include;${LibTorch_ROOT}/include/torch/csrc/api/include"
    INTERFACE_COMPILE_DEFINITIONS "USE_C10D_GLOO;USE_DISTRIBUTED;$<$<CONFIG:Debug>:NDEBUG>")

  # The libraries bring the search paths for what they need in turn; of the CUDA ones not all have to be there for linking.
  add_library(LibTorch::cpu INTERFACE IMPORTED)
  target_link_libraries(LibTorch::cpu INTERFACE LibTorch::headers "${LibTorch_LIB}/libtorch_cpu.so" "${LibTorch_LIB}/libc10.so")
  target_link_options(LibTorch::cpu INTERFACE "LINKER:--allow-shlib-undefined")

  if(DEEPMAD_CUDA)
    find_package(CUDAToolkit 13 QUIET)
    if(CUDAToolkit_FOUND AND EXISTS "${LibTorch_LIB}/libtorch_cuda.so")
      # libtorch_cuda registers its kernels when it is loaded; no symbol of ours asks for it, so the linker must not drop it.
      add_library(LibTorch::cuda INTERFACE IMPORTED)
      target_link_libraries(LibTorch::cuda INTERFACE LibTorch::cpu "${LibTorch_LIB}/libtorch_cuda.so" "${LibTorch_LIB}/libc10_cuda.so" CUDA::cudart)
      target_link_options(LibTorch::cuda INTERFACE "LINKER:--no-as-needed")
    endif()
  endif()
endif()
