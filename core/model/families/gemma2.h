// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Gemma 2: soft-capped scores and logits, every other layer with a window (arXiv 2408.00118).
ModelFamily gemma2Family();

} // namespace mpo
