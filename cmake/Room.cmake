# deepmad_room(NAME DEPS...): the OBJECT library deepmad_NAME of all .cc files directly in the calling folder and the folders named by
# SUBFOLDERS. OBJECT, because the linker would drop the self-registering plug-ins from a static library.
function(deepmad_room name)
  cmake_parse_arguments(ROOM "" "" "SUBFOLDERS;LINK" ${ARGN})
  set(patterns "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  foreach(folder IN LISTS ROOM_SUBFOLDERS)
    list(APPEND patterns "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc")
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  add_library(deepmad_${name} OBJECT ${sources})
  target_link_libraries(deepmad_${name} PUBLIC ${ROOM_LINK} deepmad_flags)
endfunction()

# Compile options of all our code.
add_library(deepmad_flags INTERFACE)
target_include_directories(deepmad_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(deepmad_flags INTERFACE -Wall -Wextra -Wshadow -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(deepmad_flags INTERFACE -Wno-restrict)  # false alarms on "text" + std::string (GCC bug 105651)
endif()
# Header-only fmt everywhere: LibTorch ships other fmt headers, which must not meet the system's compiled fmt.
target_link_libraries(deepmad_flags INTERFACE fmt::fmt-header-only Threads::Threads)
if(DEEPMAD_SANITIZE)
  target_compile_options(deepmad_flags INTERFACE -fsanitize=${DEEPMAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # GCC's false alarms on instrumented code
  target_link_options(deepmad_flags INTERFACE -fsanitize=${DEEPMAD_SANITIZE})
endif()
if(DEEPMAD_COVERAGE)
  # Counts of several threads and processes must add up.
  target_compile_options(deepmad_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(deepmad_flags INTERFACE --coverage)
endif()
