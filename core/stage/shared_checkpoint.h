// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/stage/checkpoint.h"
#include "core/stage/stage_context.h"

#include <functional>
#include <optional>

namespace mpo {

/// The newest checkpoint in context.checkpoints that verifies; empty: none. Rank 0 reads it and every rank gets it.
std::optional<Checkpoint> newestCheckpoint(const StageContext& context);

/// Calls `save` at the end of its scope when another rank was lost in it: what is done so far is kept. REQUIRES: what
/// is saved is as it was after a finished step wherever the ranks communicate.
class KeptWhenLost
{
public:
    KeptWhenLost(const Communicator& ranks, std::function<void()> save);
    ~KeptWhenLost();
    KeptWhenLost(const KeptWhenLost&) = delete;
    KeptWhenLost& operator=(const KeptWhenLost&) = delete;

private:
    const Communicator& m_ranks;
    std::function<void()> m_save;
};

} // namespace mpo
