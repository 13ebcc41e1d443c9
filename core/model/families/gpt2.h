// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// GPT-2: learned positions, layer norms, matrices stored (in, out).
ModelFamily gpt2Family();

} // namespace mpo
