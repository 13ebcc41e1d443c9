// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include "core/support/error.h"

#include <fstream>

namespace mpo {

ComputeType computeTypeFor(const std::string& name, const ModelConfig& config)
{
    // Narrower models gain little by it (tests/bench/training/README.md), so they keep the digits.
    constexpr std::int64_t kNarrowest = 256;
    if (name == "fp32")
        return ComputeType::Float32;
    if (name == "bf16")
        return ComputeType::BFloat16;
    if (name == "auto")
        return config.hidden >= kNarrowest && processorHasBFloat16() ? ComputeType::BFloat16 : ComputeType::Float32;
    fail("dtype: \"{}\" is not known; there are fp32, bf16 and auto", name);
}

const char* nameOf(ComputeType type) { return type == ComputeType::BFloat16 ? "bf16" : "fp32"; }

bool processorHasBFloat16()
{
    // Without these instructions bf16 products are emulated, many times slower than fp32.
    static const bool has = [] {
        std::ifstream in("/proc/cpuinfo");
        for (std::string line; std::getline(in, line);)
            if (line.find("avx512_bf16") != std::string::npos || line.find("amx_bf16") != std::string::npos)
                return true;
        return false;
    }();
    return has;
}

} // namespace mpo
