// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// GPT-NeoX and Pythia (arXiv 2204.06745, 2304.01373).
ModelFamily gptNeoxFamily();

} // namespace mpo
