# Run at every build: writes build_stamp.h with the version and the git revision. An unchanged header keeps its time stamp, so that only
# a new revision recompiles the one file that includes it.
#   cmake -DSOURCE=folder -DVERSION=x.y.z -DHEADER=file -P build_stamp.cmake
set(revision "unknown")
find_program(GIT git)
if(GIT)
  # An unpacked archive inside somebody else's checkout is not a checkout of ours.
  execute_process(COMMAND "${GIT}" -C "${SOURCE}" rev-parse --show-prefix
                  OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE no_checkout)
  execute_process(COMMAND "${GIT}" -C "${SOURCE}" rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE hash OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE no_commit)
  if(no_checkout EQUAL 0 AND prefix STREQUAL "" AND no_commit EQUAL 0)
    execute_process(COMMAND "${GIT}" -C "${SOURCE}" status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
    set(revision "${hash}")
    if(changes)
      set(revision "${hash}-dirty")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT "${HEADER}" @ONLY CONTENT [[
#pragma once

namespace deepmad::base::build_stamp {
inline constexpr const char* kVersion = "@VERSION@";
inline constexpr const char* kGitRevision = "@revision@";
}  // namespace deepmad::base::build_stamp
]])
