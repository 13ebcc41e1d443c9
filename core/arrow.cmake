# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The target arrowx: Arrow and Parquet in C++ as the pyarrow wheel carries them (Debian has no package of them). Optional:
# without it the program says that Parquet and Arrow files need it.
set(ARROW_DIR "" CACHE PATH "The pyarrow folder inside site-packages")
if(NOT ARROW_DIR)
    file(GLOB _candidates ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/pyarrow)
    if(_candidates)
        list(GET _candidates 0 ARROW_DIR)
    endif()
endif()
file(GLOB _arrow ${ARROW_DIR}/libarrow.so.[0-9]*)
file(GLOB _parquet ${ARROW_DIR}/libparquet.so.[0-9]*)
add_library(arrowx INTERFACE)
if(_arrow AND _parquet AND EXISTS "${ARROW_DIR}/include/arrow/api.h")
    message(STATUS "Arrow in ${ARROW_DIR}")
    target_compile_definitions(arrowx INTERFACE MPO_ARROW)
    target_compile_options(arrowx INTERFACE "SHELL:-idirafter ${ARROW_DIR}/include")
    target_link_libraries(arrowx INTERFACE ${_parquet} ${_arrow})
    target_link_options(arrowx INTERFACE "LINKER:-rpath,${ARROW_DIR}")
else()
    message(STATUS "No pyarrow: built without Parquet and Arrow files")
endif()
