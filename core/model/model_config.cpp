// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include "core/support/error.h"

#include <fstream>

namespace mpo {

ComputeType computeTypeFromName(const std::string& name)
{
    if (name == "fp32")
        return ComputeType::Float32;
    if (name == "bf16")
        return ComputeType::BFloat16;
    if (name == "auto") {
        // Without these instructions bf16 products are emulated, many times slower than fp32.
        std::ifstream in("/proc/cpuinfo");
        for (std::string line; std::getline(in, line);)
            if (line.find("avx512_bf16") != std::string::npos || line.find("amx_bf16") != std::string::npos)
                return ComputeType::BFloat16;
        return ComputeType::Float32;
    }
    fail("dtype: \"{}\" is not known; there are fp32, bf16 and auto", name);
}

} // namespace mpo
