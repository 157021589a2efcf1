# The three parts of OpenCV that this project uses, found one by one: Debian's own package configuration comes only with libopencv-dev, which
# brings 220 more packages. The targets carry OpenCV's own names.
find_path(OpenCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4)
set(_needed OpenCV_INCLUDE)
foreach(_part core imgproc imgcodecs)
  find_library(OpenCV_${_part} opencv_${_part})
  list(APPEND _needed OpenCV_${_part})
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCV REQUIRED_VARS ${_needed} REASON_FAILURE_MESSAGE "run scripts/setup.sh")

if(NOT TARGET opencv_core)
  foreach(_part core imgproc imgcodecs)
    add_library(opencv_${_part} SHARED IMPORTED)
    set_target_properties(opencv_${_part} PROPERTIES IMPORTED_LOCATION "${OpenCV_${_part}}" INTERFACE_INCLUDE_DIRECTORIES "${OpenCV_INCLUDE}")
  endforeach()
  target_link_libraries(opencv_imgproc INTERFACE opencv_core)
  target_link_libraries(opencv_imgcodecs INTERFACE opencv_imgproc)
endif()
set(OpenCV_LIBS opencv_core opencv_imgproc opencv_imgcodecs)
