# The rooms as rooms.json declares them, once for CMake and for the check of the sources: their folders, and the rooms below each.
set(rooms_file "${PROJECT_SOURCE_DIR}/rooms.json")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${rooms_file}")
file(READ "${rooms_file}" rooms)

# deepmad_rooms_below(OUT NAME): the names of the rooms that a room may include, all the way down, itself first.
function(deepmad_rooms_below out name)
  set(all ${name})
  string(JSON count LENGTH "${rooms}" ${name} may_include)
  while(count GREATER 0)
    math(EXPR count "${count} - 1")
    string(JSON below GET "${rooms}" ${name} may_include ${count})
    deepmad_rooms_below(further ${below})
    list(APPEND all ${further})
  endwhile()
  list(REMOVE_DUPLICATES all)
  set(${out} ${all} PARENT_SCOPE)
endfunction()

# deepmad_room(NAME [LINK library...]): the OBJECT library deepmad_NAME of all .cc files in the room's folders, with the include paths of the
# rooms below and of the libraries. OBJECT, because the linker would drop the self-registering plug-ins from a static library.
function(deepmad_room name)
  cmake_parse_arguments(ROOM "" "" "LINK" ${ARGN})
  set(patterns "")
  string(JSON count LENGTH "${rooms}" ${name} folders)
  while(count GREATER 0)
    math(EXPR count "${count} - 1")
    string(JSON folder MEMBER "${rooms}" ${name} folders ${count})
    list(APPEND patterns "${PROJECT_SOURCE_DIR}/${folder}/*.cc")
  endwhile()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  add_library(deepmad_${name} OBJECT ${sources})
  deepmad_rooms_below(below ${name})
  list(REMOVE_ITEM below ${name})
  list(TRANSFORM below PREPEND deepmad_)
  target_link_libraries(deepmad_${name} PUBLIC ${below} ${ROOM_LINK} deepmad_flags)
endfunction()

# deepmad_link(TARGET ROOM...): links a program with the rooms and all below them. Each is named to the linker, since the objects of an OBJECT
# library reach only those who name it.
function(deepmad_link target)
  set(all "")
  foreach(name IN LISTS ARGN)
    deepmad_rooms_below(below ${name})
    list(APPEND all ${below})
  endforeach()
  list(REMOVE_DUPLICATES all)
  list(TRANSFORM all PREPEND deepmad_)
  target_link_libraries(${target} PRIVATE ${all} deepmad_flags)
endfunction()

# Compile options of all our code.
add_library(deepmad_flags INTERFACE)
target_include_directories(deepmad_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(deepmad_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wpedantic;-Werror>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(deepmad_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)  # false alarms on "text" + std::string (GCC bug 105651)
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
