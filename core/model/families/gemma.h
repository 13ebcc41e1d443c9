// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Gemma 1 (arXiv 2403.08295).
ModelFamily gemmaFamily();

} // namespace mpo
