// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/run_identity.h"

#include "core/model/model_config.h"
#include "core/support/file.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/headeronly/version.h>

namespace mpo {

namespace {

void add(Sha256& hash, std::span<const TokenId> ids)
{
    const std::uint64_t count = ids.size();
    hash.add({reinterpret_cast<const char*>(&count), sizeof count});
    hash.add({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId)});
}

} // namespace

std::string digestOf(std::span<const TokenIds> prompts)
{
    Sha256 hash;
    for (const TokenIds& prompt : prompts)
        add(hash, prompt);
    return hash.hex();
}

std::string digestOf(std::span<const TokenizedPair> pairs)
{
    Sha256 hash;
    for (const TokenizedPair& pair : pairs)
        for (const std::span<const TokenId> ids : {pair.prompt, pair.chosen, pair.rejected})
            add(hash, ids);
    return hash.hex();
}

Json machineOf(const Settings& settings, int processes)
{
    return {{"number of processes", processes}, {"number of threads", at::get_num_threads()},
        {"type of the products", settings.text("dtype")}, {"kind of processor", at::get_cpu_capability()},
        {"version of LibTorch", TORCH_VERSION}};
}

} // namespace mpo
