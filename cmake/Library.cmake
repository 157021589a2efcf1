# The rooms as libraries for other projects: find_package(deepmad) there gives deepmad::mad, deepmad::models, deepmad::data, deepmad::train and
# what they stand on. Each is an archive that is linked whole, because the linker would drop the self-registering plug-ins otherwise.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/deepmad)

# deepmad_library(ROOM [LINK library...]): deepmad::ROOM of the objects of the room, on the rooms that rooms.json puts below it; LINK: targets
# that deepmadConfig.cmake finds. Its headers are installed with it.
function(deepmad_library room)
  cmake_parse_arguments(L "" "" "LINK" ${ARGN})
  deepmad_rooms_below(below ${room})
  list(REMOVE_ITEM below ${room})
  list(TRANSFORM below REPLACE "(.+)" "deepmad_\\1_library")
  add_library(deepmad_${room}_archive STATIC $<TARGET_OBJECTS:deepmad_${room}>)
  set_target_properties(deepmad_${room}_archive PROPERTIES OUTPUT_NAME deepmad_${room} EXPORT_NAME ${room}_archive LINKER_LANGUAGE CXX)
  add_library(deepmad_${room}_library INTERFACE)
  set_target_properties(deepmad_${room}_library PROPERTIES EXPORT_NAME ${room})
  # Within an expression a target has to have the name that it gets elsewhere.
  target_link_libraries(deepmad_${room}_library INTERFACE $<INSTALL_INTERFACE:$<LINK_LIBRARY:WHOLE_ARCHIVE,deepmad::${room}_archive>> ${below} ${L_LINK})
  # The archive needs them as well, so that the linker meets a static library among them after the archive that asks for it.
  target_link_libraries(deepmad_${room}_archive INTERFACE "$<INSTALL_INTERFACE:${L_LINK}>")
  target_include_directories(deepmad_${room}_library INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/deepmad>)
  target_compile_features(deepmad_${room}_library INTERFACE cxx_std_20)
  install(TARGETS deepmad_${room}_archive deepmad_${room}_library EXPORT deepmadTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/deepmad)
  string(JSON count LENGTH "${rooms}" ${room} folders)
  while(count GREATER 0)
    math(EXPR count "${count} - 1")
    string(JSON folder MEMBER "${rooms}" ${room} folders ${count})
    file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.h")
    list(FILTER headers EXCLUDE REGEX "/pch\\.h$")
    install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/deepmad/${folder})
  endwhile()
endfunction()

set(opencv opencv_core opencv_imgproc opencv_imgcodecs)
deepmad_library(base LINK Threads::Threads yaml-cpp nlohmann_json::nlohmann_json ZLIB::ZLIB)
deepmad_library(mad LINK NLopt::nlopt)
deepmad_library(formats LINK deepmad::protobuf_lite)
deepmad_library(metrics)
deepmad_library(targets)
deepmad_library(boxes)
deepmad_library(report LINK ${opencv} deepmad::protobuf_lite)
deepmad_library(data LINK ${opencv} Libav::libav JPEG::JPEG PNG::PNG simdjson::simdjson)
if(DEEPMAD_TORCH)
  deepmad_library(models LINK LibTorch::cpu)
  deepmad_library(loader LINK LibTorch::cpu)
  deepmad_library(train LINK LibTorch::cpu)
endif()

install(EXPORT deepmadTargets NAMESPACE deepmad:: DESTINATION ${package_folder})
configure_package_config_file(cmake/deepmadConfig.cmake.in deepmadConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(deepmadConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/deepmadConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/deepmadConfigVersion.cmake"
              cmake/FindLibTorch.cmake cmake/LocateLibTorch.cmake cmake/FindOpenCV.cmake cmake/FindLibav.cmake
        DESTINATION ${package_folder})
