// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Llama 1 to 3, TinyLlama, SmolLM2 and others of their shape (arXiv 2302.13971).
ModelFamily llamaFamily();

} // namespace mpo
