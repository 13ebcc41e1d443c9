// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

#include <QString>

#include <array>

namespace mpo {

class Project;

enum class StepState { Waiting, Ready, Running, Done };

struct PathStep
{
    PageId page = PageId::Data;
    StepState state = StepState::Waiting;
    QString reason; ///< why it waits, or what has been done
};

/// How far the project is on the path Data, Reward model, Split, DPO, PPO, Evaluate, as the store has it.
std::array<PathStep, 6> pathState(const Project& project);

/// The page on which a run of this stage can be watched.
PageId pageOfStage(std::string_view stage);

QString pageTitle(PageId page);
std::string_view pageName(PageId page); ///< "data", "reward", ...: for the command line and the stored state
inline constexpr int kPages = 8;

} // namespace mpo
