// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_family.h"

namespace mpo {

/// Mistral 7B and others of its shape: Llama with a sliding window (arXiv 2310.06825).
ModelFamily mistralFamily();

} // namespace mpo
