// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Qwen 2 and 2.5: Llama with biases on queries, keys and values (arXiv 2407.10671).
ModelFamily qwen2Family();

} // namespace mpo
