// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/reference_cache.h"

#include "core/model/tensor_file.h"
#include "core/support/file.h"
#include "core/support/log.h"
#include "core/support/text.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <chrono>

namespace mpo {

namespace {

constexpr auto kFile = "reference.safetensors";
constexpr int kWriteTimesBetween = 30; // writing costs at most 1/30 of the time

template<class T>
std::string_view bytesOf(const std::vector<T>& values)
{
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// Of identity and content, so that a foreign file and a damaged one are both seen.
std::string sealOf(const PairSums& sums, const std::string& identity)
{
    Sha256 hash;
    hash.add(identity);
    hash.add(bytesOf(sums.chosen));
    hash.add(bytesOf(sums.rejected));
    hash.add(bytesOf(sums.chosenTokens));
    hash.add(bytesOf(sums.rejectedTokens));
    return hash.hex();
}

template<class T>
at::Tensor tensorOf(const std::vector<T>& values, at::ScalarType type)
{
    return at::from_blob(const_cast<T*>(values.data()), {std::int64_t(values.size())}, at::TensorOptions(type)).clone();
}

template<class T>
std::vector<T> valuesOf(const at::Tensor& tensor, at::ScalarType type)
{
    const at::Tensor flat = tensor.to(type).contiguous();
    const auto* data = static_cast<const T*>(flat.const_data_ptr());
    return {data, data + flat.numel()};
}

void write(const std::filesystem::path& file, const PairSums& sums, const std::string& identity)
{
    const std::string seal = sealOf(sums, identity);
    const std::vector<std::uint8_t> sealBytes(seal.begin(), seal.end());
    writeTensorFile(file,
        {{"chosen", tensorOf(sums.chosen, at::kDouble)}, {"rejected", tensorOf(sums.rejected, at::kDouble)},
            {"chosen_tokens", tensorOf(sums.chosenTokens, at::kLong)},
            {"rejected_tokens", tensorOf(sums.rejectedTokens, at::kLong)}, {"seal", tensorOf(sealBytes, at::kByte)}});
}

/// What was computed before; empty where there is nothing, or not this.
PairSums read(const std::filesystem::path& file, const std::string& identity, std::size_t pairs)
{
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return {};
    try {
        const auto tensors = readTensorFile(file);
        PairSums sums;
        sums.chosen = valuesOf<double>(tensors.at("chosen"), at::kDouble);
        sums.rejected = valuesOf<double>(tensors.at("rejected"), at::kDouble);
        sums.chosenTokens = valuesOf<std::int64_t>(tensors.at("chosen_tokens"), at::kLong);
        sums.rejectedTokens = valuesOf<std::int64_t>(tensors.at("rejected_tokens"), at::kLong);
        const auto seal = valuesOf<std::uint8_t>(tensors.at("seal"), at::kByte);
        if (std::string(seal.begin(), seal.end()) == sealOf(sums, identity) && sums.chosen.size() <= pairs)
            return sums;
        log().warn("{}: damaged or of other models, data or settings; computed anew", file.string());
    } catch (const std::exception& error) {
        log().warn("{}: {}", file.string(), error.what());
    }
    return {};
}

/// Every rank gets what rank 0 has.
void give(PairSums& sums, Communicator& ranks)
{
    if (ranks.alone())
        return;
    const auto count = std::size_t(std::stoull(ranks.broadcast(std::to_string(sums.chosen.size()))));
    const auto share = [&](auto& values) {
        values.resize(count); // zeros where there are none yet
        ranks.sum(values);
    };
    share(sums.chosen);
    share(sums.rejected);
    share(sums.chosenTokens);
    share(sums.rejectedTokens);
}

} // namespace

std::optional<PairSums> referenceSums(const Model& reference, std::span<const TokenizedPair> pairs,
    const StageContext& context, const std::string& identity)
{
    const bool stored = !context.checkpoints.empty();
    const auto file = context.checkpoints / kFile;
    PairSums before = stored ? read(file, identity, pairs.size()) : PairSums();
    give(before, *context.ranks);
    if (before.chosen.size() == pairs.size())
        return before;

    using Clock = std::chrono::steady_clock;
    Clock::time_point next = Clock::now();
    std::size_t onDisk = before.chosen.size();
    const auto store = [&](const PairSums& sums) {
        if (!stored || sums.chosen.size() == onDisk)
            return;
        const auto begin = Clock::now();
        write(file, sums, identity);
        onDisk = sums.chosen.size();
        next = Clock::now() + kWriteTimesBetween * (Clock::now() - begin);
    };
    PairSums sums = pairSums(
        reference, pairs,
        [&](const PairSums& done) {
            const std::size_t count = done.chosen.size();
            if (context.progress)
                context.progress("Log-probs of the reference", double(count) / double(pairs.size()),
                    fmt::format("{} of {}", grouped(std::int64_t(count)), grouped(std::int64_t(pairs.size()))));
            const bool stop = context.stopped([&] {
                store(done);
                if (stored && context.checkpointWritten)
                    context.checkpointWritten(0, true);
            });
            if (count == pairs.size() || (stop && !(context.discards && context.discards()))
                || (!stop && Clock::now() >= next))
                store(done);
            return !stop;
        },
        *context.ranks, std::move(before));
    if (sums.chosen.size() < pairs.size())
        return std::nullopt;
    return sums;
}

} // namespace mpo
