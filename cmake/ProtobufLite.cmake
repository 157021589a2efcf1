# LibTorch holds an older protobuf and ships its headers, which would shadow the system's. So a room with messages of its own never sees torch's
# include folder, takes the lite runtime from its static archive, and keeps all of it local to the binary: neither side can bind to the other.
find_library(PROTOBUF_LITE_ARCHIVE libprotobuf-lite.a REQUIRED)
find_program(PROTOC protoc REQUIRED)
mark_as_advanced(PROTOBUF_LITE_ARCHIVE PROTOC)

# deepmad_proto(ROOM NAME): the messages of NAME.proto in the calling folder, for the sources of the room as "NAME.pb.h". Another target finds that in
# the folder that ROOM_PROTO_FOLDER (target property) names.
function(deepmad_proto room name)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/proto")
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(
    OUTPUT "${folder}/${name}.pb.cc" "${folder}/${name}.pb.h"
    COMMAND "${PROTOC}" --cpp_out=${folder} "--proto_path=${CMAKE_CURRENT_SOURCE_DIR}" ${name}.proto
    DEPENDS ${name}.proto VERBATIM)
  target_sources(deepmad_${room} PRIVATE "${folder}/${name}.pb.cc")
  target_include_directories(deepmad_${room} SYSTEM PRIVATE "${folder}")
  set_source_files_properties("${folder}/${name}.pb.cc" PROPERTIES COMPILE_OPTIONS "-w")  # not our code
  set_target_properties(deepmad_${room} PROPERTIES ROOM_PROTO_FOLDER "${folder}")
  target_link_libraries(deepmad_${room} PUBLIC "${PROTOBUF_LITE_ARCHIVE}")
  target_link_options(deepmad_${room} INTERFACE "LINKER:--exclude-libs,libprotobuf-lite.a")
endfunction()
