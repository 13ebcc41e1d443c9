# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The target torchx: LibTorch without find_package(Torch), which would ask for a CUDA toolkit.
# -idirafter, because torch's include folder holds a copy of fmt that must not win over the system's.
if(NOT TORCH_DIR)
    file(GLOB _candidates ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
    if(_candidates)
        list(GET _candidates 0 TORCH_DIR)
    endif()
endif()
if(NOT EXISTS "${TORCH_DIR}/include/ATen/ATen.h")
    message(FATAL_ERROR "No LibTorch in TORCH_DIR=\"${TORCH_DIR}\". packaging/run sets it up; or give -DTORCH_DIR=FOLDER, "
        "the folder that holds include/ and lib/.")
endif()
file(STRINGS "${TORCH_DIR}/include/torch/headeronly/version.h" _version REGEX "define TORCH_VERSION_M(AJ|IN)OR [0-9]+")
string(REGEX MATCHALL "[0-9]+" _version "${_version}")
list(JOIN _version "." _version)
message(STATUS "LibTorch ${_version} in ${TORCH_DIR}")
if(_version AND _version VERSION_LESS 2.11)
    message(FATAL_ERROR "LibTorch ${_version} is too old: 2.11 or newer is needed.")
endif()

add_library(torchx INTERFACE)
target_compile_options(torchx INTERFACE
    "SHELL:-idirafter ${TORCH_DIR}/include"
    "SHELL:-idirafter ${TORCH_DIR}/include/torch/csrc/api/include")
target_link_directories(torchx INTERFACE ${TORCH_DIR}/lib)
target_link_options(torchx INTERFACE "LINKER:--no-as-needed" "LINKER:-rpath,${TORCH_DIR}/lib")
target_link_libraries(torchx INTERFACE torch torch_cpu c10)
if(EXISTS ${TORCH_DIR}/lib/libtorch_cuda.so)
    target_link_libraries(torchx INTERFACE torch_cuda c10_cuda)
    # For NCCL between processes (core/parallel): its header and those of CUDA, from the packages that torch comes with.
    file(GLOB _nvidia ${TORCH_DIR}/../nvidia/*/include)
    find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${_nvidia})
    find_path(CUDA_INCLUDE_DIR cublasLt.h HINTS ${_nvidia} /usr/local/cuda/include)
    message(STATUS "NCCL: ${NCCL_INCLUDE_DIR}, CUDA headers: ${CUDA_INCLUDE_DIR}")
endif()
