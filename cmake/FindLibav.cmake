# FFmpeg's libraries that read videos: the target Libav::libav.
set(_needed "")
set(_libraries "")
foreach(_part avformat avcodec swscale avutil)
  find_path(Libav_${_part}_INCLUDE lib${_part}/version.h)
  find_library(Libav_${_part} ${_part})
  list(APPEND _needed Libav_${_part} Libav_${_part}_INCLUDE)
  list(APPEND _libraries "${Libav_${_part}}")
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libav REQUIRED_VARS ${_needed} REASON_FAILURE_MESSAGE "run scripts/setup.sh")

if(NOT TARGET Libav::libav)
  add_library(Libav::libav INTERFACE IMPORTED)
  set_target_properties(Libav::libav PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Libav_avformat_INCLUDE}" INTERFACE_LINK_LIBRARIES "${_libraries}")
endif()
