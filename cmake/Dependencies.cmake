# Third-party packages, each found once. Everything here is a system include, so that our warnings stop at our code.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(NLopt REQUIRED)
find_package(OpenCV REQUIRED)
find_package(Libav REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
find_package(Protobuf REQUIRED)
if(DEEPMAD_TORCH)
  find_package(LibTorch 2.11 REQUIRED)
  find_package(CLI11 REQUIRED)
  find_library(JEMALLOC jemalloc REQUIRED)
endif()
if(DEEPMAD_TESTS)
  find_package(GTest REQUIRED)
endif()

# Our own kernels for GPUs, where the toolkit has its compiler. Code for one generation runs on the later ones of its major version, and the
# newest also as PTX, for what comes after it.
if(TARGET LibTorch::cuda AND CUDAToolkit_NVCC_EXECUTABLE)
  if(NOT DEFINED CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}")
  endif()
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90-real 100-real 120)
  endif()
  enable_language(CUDA)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know it of nvcc
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  endif()
endif()

# Every clone shares one cache: paths below the checkout count as relative, in what is hashed and in debug information. The limit has room for
# some precompiled headers of LibTorch.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
      CCACHE_MAXSIZE=10G "${CCACHE}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${CMAKE_CXX_COMPILER_LAUNCHER}")
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.>")
endif()
