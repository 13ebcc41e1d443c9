// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// The text model of Gemma 3: five layers with a window to one without, each kind with rotary positions of its own
/// (arXiv 2503.19786).
ModelFamily gemma3TextFamily();

} // namespace mpo
