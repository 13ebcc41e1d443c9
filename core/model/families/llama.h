// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Llama, SmolLM2, TinyLlama: RMS norm, rotary positions (rotate-half), grouped-query attention, SwiGLU (arXiv
/// 2302.13971).
ModelFamily llamaFamily();

} // namespace mpo
