# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# cmake -D SOURCE=FOLDER -D HEADER=FILE -P commit.cmake: writes which commit is being built, "" where nobody can tell.
# Runs in every build and touches the file only when it says something else.
find_program(GIT git)
set(commit "")
if(GIT)
    execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --show-toplevel
        OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    file(REAL_PATH ${SOURCE} source)
    if(top STREQUAL source) # a release that was unpacked inside of another repository is none of its commits
        execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
            OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
endif()
set(text "#pragma once\n#define MPO_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS ${HEADER})
    file(READ ${HEADER} before)
endif()
if(NOT text STREQUAL before)
    file(WRITE ${HEADER} "${text}")
endif()
