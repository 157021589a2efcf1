# bin/deepmad finds share/deepmad/configs and lib/deepmad beside itself, so an installed prefix may be moved.
include(GNUInstallDirs)
option(DEEPMAD_BUNDLE_LIBTORCH "Install LibTorch's CPU libraries (470 MB) in lib/deepmad, so that deepmad does not need the LibTorch it was built with" ON)

install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/deepmad/configs)
if(TARGET deepmad)
  if(DEEPMAD_BUNDLE_LIBTORCH)
    set_target_properties(deepmad PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/deepmad")
    configure_file(cmake/BundleLibTorch.cmake.in BundleLibTorch.cmake @ONLY)
    install(SCRIPT "${CMAKE_CURRENT_BINARY_DIR}/BundleLibTorch.cmake")
  else()
    set_target_properties(deepmad PROPERTIES INSTALL_RPATH "${LibTorch_LIB}")
  endif()
  install(TARGETS deepmad RUNTIME DESTINATION bin)
endif()
# The CUDA libraries are too large to copy: deepmad-cuda stays with the LibTorch and the toolkit it was linked with.
if(TARGET deepmad-cuda)
  set_target_properties(deepmad-cuda PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS deepmad-cuda RUNTIME DESTINATION bin OPTIONAL)  # a build of deepmad alone may be installed
endif()

include(Library)
