// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/shared_checkpoint.h"

#include "core/support/error.h"
#include "core/support/log.h"

#include <ATen/ATen.h>

#include <exception>

namespace mpo {

std::optional<Checkpoint> newestCheckpoint(const StageContext& context)
{
    std::optional<Checkpoint> checkpoint;
    if (!context.checkpoints.empty())
        checkpoint = readNewestCheckpoint(context.checkpoints);
    if (context.ranks->alone())
        return checkpoint;

    Communicator& ranks = *context.ranks;
    Json description;
    if (checkpoint) {
        description = {{"step", checkpoint->step}, {"values", checkpoint->values}, {"tensors", Json::array()}};
        for (const auto& [name, tensor] : checkpoint->tensors)
            description["tensors"].push_back({name, int(tensor.scalar_type()), tensor.sizes().vec()});
    }
    // Of rank 0's own program, so it is taken as it is. CBOR keeps numbers that are not finite.
    const auto bytes = Json::to_cbor(description);
    const std::string text = ranks.broadcast(std::string(bytes.begin(), bytes.end()));
    if (!ranks.isFirst())
        description = Json::from_cbor(text);
    if (description.is_null())
        return std::nullopt;
    if (!ranks.isFirst()) {
        checkpoint.emplace();
        checkpoint->step = description.at("step").get<std::int64_t>();
        checkpoint->values = description.at("values");
        for (const Json& tensor : description.at("tensors"))
            checkpoint->tensors[tensor.at(0).get<std::string>()]
                = at::empty(tensor.at(2).get<std::vector<std::int64_t>>(), at::ScalarType(tensor.at(1).get<int>()));
    }
    for (auto& [name, tensor] : checkpoint->tensors) {
        tensor = tensor.contiguous();
        // As bytes: Gloo knows no bfloat16.
        ranks.broadcast(at::from_blob(tensor.mutable_data_ptr(), {std::int64_t(tensor.nbytes())}, at::kByte));
    }
    return checkpoint;
}

KeptWhenLost::KeptWhenLost(const Communicator& ranks, std::function<void()> save)
    : m_ranks(ranks)
    , m_save(std::move(save))
{
}

KeptWhenLost::~KeptWhenLost()
{
    if (!m_ranks.lost())
        return;
    try {
        m_save();
    } catch (const std::exception& error) { // the loss is under way to the user already
        log().warn("{}", error.what());
    }
}

} // namespace mpo
