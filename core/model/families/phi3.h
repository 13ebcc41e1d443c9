// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Phi-3 and Phi-4 mini: one matrix for queries, keys and values, one for gate and up (arXiv 2404.14219).
ModelFamily phi3Family();

} // namespace mpo
