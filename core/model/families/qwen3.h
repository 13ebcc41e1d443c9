// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Qwen 3: norms over the heads of queries and keys (arXiv 2505.09388).
ModelFamily qwen3Family();

} // namespace mpo
